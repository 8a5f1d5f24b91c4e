import { FormToken } from '../form-fields.js';
import { LocalTime } from '../local-time.js';
import type { FieldErrors, PageContext } from '../models.js';
import { Input } from './fields.js';
import { may } from './frame.js';

export interface CodeRow {
  id: string;
  label: string | null;
  uses: number;
  maxUses: number;
  state: 'usable' | 'usedUp' | 'expired' | 'revoked';
  createdAt: string;
  lastUsedAt?: string;
  /** In words: codes end with a day, in UTC. */
  lastDay?: string;
  /** Of the code that would replace it. */
  newCodeId: string;
}

interface CodeTableProps {
  page: PageContext;
  partnerId: string;
  codes: CodeRow[];
  /** The partner is: its codes are refused, whatever their own state. */
  disabled: boolean;
}

export function CodeTable({ page, partnerId, codes, disabled }: CodeTableProps) {
  const { t } = page;
  if (codes.length === 0) return <p class="muted">{t('partners.noCodes')}</p>;
  return (
    <div class="card table-card">
      <table class="stacking">
        <thead>
          <tr>
            <th scope="col">{t('partners.label')}</th>
            <th scope="col">{t('partners.state')}</th>
            <th scope="col" class="number">
              {t('partners.uses')}
            </th>
            <th scope="col">{t('partners.lastUsed')}</th>
            <th scope="col">{t('partners.expiresOn')}</th>
            {may(page, 'admin') && <th scope="col">{t('partners.actions')}</th>}
          </tr>
        </thead>
        <tbody>
          {codes.map((code) => (
            <tr key={code.id}>
              <th scope="row">{code.label ?? t('partners.noLabel')}</th>
              <td data-label={t('partners.state')}>
                <CodeState page={page} code={code} disabled={disabled} />
              </td>
              <td class="number" data-label={t('partners.uses')}>
                {t('partners.usesOf', { uses: code.uses, most: code.maxUses })}
              </td>
              <td data-label={t('partners.lastUsed')}>
                {code.lastUsedAt ? <LocalTime page={page} at={code.lastUsedAt} /> : t('partners.never')}
              </td>
              <td data-label={t('partners.expiresOn')}>{code.lastDay ?? t('partners.noLastDay')}</td>
              {may(page, 'admin') && (
                <td>
                  <CodeActions page={page} partnerId={partnerId} code={code} disabled={disabled} />
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function CodeState({ page, code, disabled }: { page: PageContext; code: CodeRow; disabled: boolean }) {
  const state = disabled && code.state === 'usable' ? 'partnerDisabled' : code.state;
  return (
    <span>
      <span class={state === 'usable' ? 'tag' : 'tag tag-attention'}>{page.t(`partners.states.${state}`)}</span>
    </span>
  );
}

function CodeActions({ page, partnerId, code, disabled }: Omit<CodeTableProps, 'codes'> & { code: CodeRow }) {
  const { t } = page;
  if (code.state === 'revoked') return null;
  const which = <span class="visually-hidden"> {code.label ?? t('partners.noLabel')}</span>;
  return (
    <div class="code-actions">
      {!disabled && (
        <form method="post" action={`/console/partners/${partnerId}/codes`}>
          <FormToken page={page} />
          <input type="hidden" name="codeId" value={code.newCodeId} />
          <input type="hidden" name="replaces" value={code.id} />
          <button type="submit" class="outline">
            {t('partners.rotate')}
            {which}
          </button>
        </form>
      )}
      <form method="post" action={`/console/partners/${partnerId}/codes/${code.id}/revoke`}>
        <FormToken page={page} />
        <button type="submit" class="outline">
          {t('partners.revoke')}
          {which}
        </button>
      </form>
    </div>
  );
}

interface CodeFormModel {
  id: string;
  newCodeId: string;
  defaultExpiry: string;
  values: Record<string, string | undefined>;
  errors: FieldErrors;
}

export function CodeForm({ page, model }: { page: PageContext; model: CodeFormModel }) {
  const { t } = page;
  const { id, newCodeId, defaultExpiry, values, errors } = model;
  return (
    <form class="card code-form" method="post" action={`/console/partners/${id}/codes`} aria-labelledby="new-code">
      <h3 id="new-code">{t('partners.newCode')}</h3>
      <p class="muted">{t('partners.newCodeLead')}</p>
      <FormToken page={page} />
      <input type="hidden" name="codeId" value={newCodeId} />
      <div class="form-grid">
        <Input
          page={page}
          name="label"
          class="half"
          label={t('partners.label')}
          hint={t('partners.labelHint')}
          value={values.label}
          errors={errors}
        />
        <Input
          page={page}
          name="maxUses"
          class="half"
          type="number"
          min={1}
          max={10_000}
          required
          label={t('partners.maxUses')}
          hint={t('partners.maxUsesHint')}
          value={values.maxUses ?? '1'}
          errors={errors}
        />
        <Input
          page={page}
          name="expiresOn"
          class="half"
          type="date"
          label={t('partners.expiresOn')}
          hint={t('partners.expiresOnHint')}
          value={values.expiresOn ?? defaultExpiry}
          errors={errors}
        />
      </div>
      <button type="submit">{t('partners.makeCode')}</button>
    </form>
  );
}
