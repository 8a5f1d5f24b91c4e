import { FormToken } from '../form-fields.js';
import type { PageContext } from '../models.js';
import { Input, Select } from './fields.js';
import { may } from './frame.js';
import { type Action, needsReason, type RegistrationDetailModel } from './registration-detail-model.js';

type Props = { page: PageContext; model: RegistrationDetailModel };

/** One form for each thing that the machine takes now; what it does not take, or the role may not, is not there. */
export function ActionForms({ page, model }: Props) {
  const { t } = page;
  const { actions, endedAt, isEngineAway } = model;
  return (
    <section class="card actions-card" id="actions" aria-labelledby="actions-title" data-live>
      <h2 id="actions-title">{t('registrations.actions.title')}</h2>
      {actions.map((action) => (
        <ActionForm key={action} page={page} model={model} action={action} />
      ))}
      {actions.length === 0 && !isEngineAway && (
        <p class="muted">
          {t(`registrations.actions.${endedAt ? 'ended' : may(page, 'operator') ? 'none' : 'viewer'}`)}
        </p>
      )}
      {isEngineAway && <p class="muted">{t('registrations.actions.away')}</p>}
    </section>
  );
}

/** What most people come for; the rest is a click away. */
const foremost: ReadonlySet<Action> = new Set<Action>(['retry', 'approve']);
const final: ReadonlySet<Action> = new Set<Action>(['cancel', 'decline']);

function ActionForm({ page, model, action }: Props & { action: Action }) {
  const { t } = page;
  const { reference, failed, partners, idempotencyKey } = model;
  const words = `registrations.actions.${action}`;
  const isOpen =
    foremost.has(action) || failed?.action === action || (action === 'assign-partner' && partners !== undefined);
  const isReady = action !== 'assign-partner' || (partners?.found.length ?? 0) > 0;
  return (
    <details class="action" open={isOpen}>
      <summary>{t(`${words}.title`)}</summary>
      <p class="muted">{t(`${words}.text`)}</p>
      {action === 'assign-partner' && <PartnerSearch page={page} model={model} />}
      {isReady && (
        <form method="post" action={`/console/registrations/${reference}/${action}`}>
          <FormToken page={page} />
          <input type="hidden" name="idempotencyKey" value={idempotencyKey} />
          <ActionFields page={page} model={model} action={action} />
          <button type="submit" class={final.has(action) ? 'danger' : foremost.has(action) ? undefined : 'outline'}>
            {t(`${words}.submit`)}
          </button>
        </form>
      )}
    </details>
  );
}

function ActionFields({ page, model, action }: Props & { action: Action }) {
  const { t } = page;
  const { failed, partners } = model;
  const { errors = {}, typed = {} } = failed?.action === action ? failed : {};
  return (
    <>
      {action === 'correct-email' && (
        <Input
          page={page}
          name="email"
          type="email"
          required
          errors={errors}
          value={typed.email}
          label={t('registrations.actions.correct-email.email')}
        />
      )}
      {action === 'assign-partner' && (
        <Select
          page={page}
          name="partnerId"
          errors={errors}
          value={typed.partnerId}
          label={t('registrations.actions.assign-partner.partner')}
          hint={t('registrations.actions.assign-partner.found')}
          options={[
            ['', t('registrations.actions.assign-partner.choose')],
            ...(partners?.found ?? []).map(({ id, name }): [string, string] => [id, name]),
          ]}
        />
      )}
      <Reason page={page} action={action} value={typed.reason} code={errors.reason} />
    </>
  );
}

/** Stands in every form of the page, so its id carries the action, and its name does not. */
function Reason({ page, action, value, code }: { page: PageContext; action: Action; value?: string; code?: string }) {
  const { t } = page;
  const required = needsReason.has(action);
  const id = `${action}-reason`;
  return (
    <div class="field">
      <label for={id}>{t(required ? 'registrations.actions.reasonRequired' : 'registrations.actions.reason')}</label>
      <p class="field-hint" id={`${id}-hint`}>
        {t('registrations.actions.reasonHint')}
      </p>
      <input
        id={id}
        type="text"
        // Preact's types tell a plain field from a combobox by this.
        list={undefined}
        name="reason"
        value={value ?? ''}
        required={required}
        autocomplete="off"
        aria-describedby={code ? `${id}-hint ${id}-error` : `${id}-hint`}
        aria-invalid={code ? 'true' : undefined}
      />
      {code && (
        <p class="field-error" id={`${id}-error`}>
          {t(`fieldErrors.${code}`)}
        </p>
      )}
    </div>
  );
}

/** Without script: finding is a page of its own, with the form open. */
function PartnerSearch({ page, model: { reference, partners } }: Props) {
  const { t } = page;
  return (
    <form method="get" action={`/console/registrations/${reference}`} class="inline-form">
      <Input
        page={page}
        name="partner"
        value={partners?.search}
        label={t('registrations.actions.assign-partner.search')}
      />
      <button type="submit" class="outline">
        {t('registrations.actions.assign-partner.find')}
      </button>
      {partners?.found.length === 0 && <p class="muted">{t('registrations.actions.assign-partner.notFound')}</p>}
    </form>
  );
}
