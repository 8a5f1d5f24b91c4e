import type { ListedUserType } from '../../../db/user-types.js';
import { FormToken } from '../form-fields.js';
import type { FieldErrors, PageContext } from '../models.js';
import { ErrorLinks } from './error-links.js';
import { Check, Input, Select } from './fields.js';
import { ConsoleFrame, may } from './frame.js';
import { DurationField, durationText } from './onboarding-duration.js';

type Kind = 'customer' | 'partner';

export interface OnboardingModel {
  /** Fields as typed or as saved, by name. */
  form: Partial<Record<string, string>>;
  errors: FieldErrors;
  error?: string;
  done?: string;
  userTypes: ListedUserType[];
  /** Registrations that have not ended. */
  open: Record<Kind, number>;
  isOn: Record<Kind, boolean>;
}

interface PartProps {
  page: PageContext;
  model: OnboardingModel;
}

const lifetimes = ['linkLifetime', 'registrationLifetime', 'invitationLifetime', 'resendCooldown'];
const retries = ['mailRetry', 'lookupRetry', 'creationRetry', 'operatorDeadline'];
const secondFactors = ['administratorsSecondFactor', 'staffSecondFactor'];
const partnerModes = ['off', 'with_code', 'without_code'];

export function OnboardingPage({ page, model }: PartProps) {
  const { t } = page;
  return (
    <ConsoleFrame
      page={page}
      area="onboarding"
      title={t('onboarding.title')}
      lead={t('onboarding.lead')}
      done={model.done}
      error={model.error}
    >
      <ErrorLinks page={page} errors={model.errors} label={(name) => t(`onboarding.fields.${name}`)} />
      <div class="console-columns">
        {may(page, 'admin') ? <SettingsForm page={page} model={model} /> : <SettingsFacts page={page} model={model} />}
        <SwitchingOff page={page} model={model} />
      </div>
    </ConsoleFrame>
  );
}

function SettingsForm({ page, model }: PartProps) {
  const { t } = page;
  const { form, errors } = model;
  const duration = (name: string) => (
    <DurationField key={name} page={page} name={name} form={form} errors={errors} class="half" />
  );
  return (
    <form method="post" action="/console/onboarding">
      <FormToken page={page} />
      <input type="hidden" name="version" value={form.version} />
      <KindSection page={page} model={model} kind="customer" modes={['on', 'off']} />
      <KindSection page={page} model={model} kind="partner" modes={partnerModes} />
      <section class="card form-section">
        <h2>{t('onboarding.lifetimes')}</h2>
        <p class="muted">{t('onboarding.lifetimesLead')}</p>
        <div class="form-grid top">
          {lifetimes.map(duration)}
          <div class="half">
            <Check
              page={page}
              name="reminderOn"
              label={t('onboarding.fields.reminderOn')}
              checked={!!form.reminderOn}
            />
            <DurationField page={page} name="reminder" form={form} errors={errors} />
          </div>
        </div>
      </section>
      <section class="card form-section">
        <h2>{t('onboarding.retries')}</h2>
        <p class="muted">{t('onboarding.retriesLead')}</p>
        <div class="form-grid top">{retries.map(duration)}</div>
      </section>
      <section class="card form-section">
        <h2>{t('onboarding.security')}</h2>
        <Input
          page={page}
          name="passwordMinimum"
          type="number"
          min={8}
          max={128}
          label={t('onboarding.fields.passwordMinimum')}
          hint={t('onboarding.hints.passwordMinimum')}
          value={form.passwordMinimum}
          errors={errors}
        />
        {secondFactors.map((name) => (
          <Check
            key={name}
            page={page}
            name={name}
            label={t(`onboarding.fields.${name}`)}
            hint={t(`onboarding.hints.${name}`)}
            checked={!!form[name]}
          />
        ))}
      </section>
      <div class="actions">
        <button type="submit">{t('onboarding.save')}</button>
      </div>
    </form>
  );
}

function KindSection({ page, model, kind, modes }: PartProps & { kind: Kind; modes: string[] }) {
  const { t } = page;
  const { form, errors, userTypes } = model;
  const types = userTypes.filter((type) => type.kind === kind);
  return (
    <section class="card form-section">
      <h2>{t(`onboarding.kinds.${kind}`)}</h2>
      <div class="form-grid top">
        <Select
          page={page}
          name={`${kind}Onboarding`}
          label={t(`onboarding.fields.${kind}Onboarding`)}
          value={form[`${kind}Onboarding`]}
          options={modes.map((mode) => [mode, t(`onboarding.modes.${mode}`)])}
          errors={errors}
          class="half"
        />
        <Select
          page={page}
          name={`${kind}UserType`}
          label={t(`onboarding.fields.${kind}UserType`)}
          value={form[`${kind}UserType`]}
          options={[['', t('onboarding.noType')], ...types.map(({ id, name }) => [id, name] as [string, string])]}
          errors={errors}
          class="half"
        />
        <Check
          page={page}
          name={`${kind}Approval`}
          label={t(`onboarding.fields.${kind}Approval`)}
          hint={t('onboarding.hints.approval')}
          checked={!!form[`${kind}Approval`]}
        />
      </div>
    </section>
  );
}

/** For those who may not change anything. */
function SettingsFacts({ page, model: { form, userTypes } }: PartProps) {
  const { t } = page;
  const typeName = (id?: string) => userTypes.find((type) => type.id === id)?.name ?? t('onboarding.noType');
  const kindFacts = (kind: Kind): [string, string][] => [
    [`${kind}Onboarding`, t(`onboarding.modes.${form[`${kind}Onboarding`]}`)],
    [`${kind}UserType`, typeName(form[`${kind}UserType`])],
    [`${kind}Approval`, t(form[`${kind}Approval`] ? 'onboarding.yes' : 'onboarding.no')],
  ];
  const duration = (name: string): [string, string] => [name, durationText(page, form, name)];
  const facts = [
    ...kindFacts('customer'),
    ...kindFacts('partner'),
    ...lifetimes.map(duration),
    ['reminder', form.reminderOn ? durationText(page, form, 'reminder') : t('onboarding.noReminder')],
    ...retries.map(duration),
    ['passwordMinimum', form.passwordMinimum],
    ...secondFactors.map((name) => [name, t(form[name] ? 'onboarding.yes' : 'onboarding.no')]),
  ];
  return (
    <section class="card">
      <h2>{t('onboarding.current')}</h2>
      <p class="muted">{t('onboarding.readOnly')}</p>
      <dl class="console-facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{t(`onboarding.fields.${name}`)}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

/** What switching off does to registrations that are under way (security.md D9). */
function SwitchingOff({ page: { t }, model: { open, isOn } }: PartProps) {
  return (
    <aside class="aside-card" aria-labelledby="switching-off">
      <h2 id="switching-off">{t('onboarding.off.title')}</h2>
      <ul>
        {['start', 'account', 'kept', 'again', 'invited'].map((point) => (
          <li key={point}>{t(`onboarding.off.${point}`)}</li>
        ))}
      </ul>
      <h3>{t('onboarding.off.openNow')}</h3>
      <dl class="console-facts">
        {(['customer', 'partner'] as const).map((kind) => (
          <div key={kind}>
            <dt>{t(`onboarding.kinds.${kind}`)}</dt>
            <dd>
              {t('onboarding.off.open', { count: open[kind] })}{' '}
              <span class={isOn[kind] ? 'tag' : 'tag tag-attention'}>
                {t(isOn[kind] ? 'onboarding.off.going' : 'onboarding.off.held')}
              </span>
            </dd>
          </div>
        ))}
      </dl>
    </aside>
  );
}
