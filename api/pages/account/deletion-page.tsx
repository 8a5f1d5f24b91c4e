import type { Leaving } from '../../../db/delete-account.js';
import { controlAttributes, ErrorSummary, FieldError, FormToken, PasswordField, RequiredMark } from '../form-fields.js';
import type { FieldErrors, PageContext } from '../models.js';
import { Notice } from '../notice.js';
import { AccountFrame } from './frame.js';

export interface DeletionModel {
  leaving: Leaving;
  company: string;
  email: string;
  errors: FieldErrors;
  error?: string;
  /** With `tooManyAttempts`: how long to wait. */
  seconds?: number;
}

interface PartProps {
  page: PageContext;
  model: DeletionModel;
}

/** Says what it means before it asks: what is erased, what stays, and what becomes of the organisation. */
export function DeletionPage({ page, model }: PartProps) {
  const { t } = page;
  const { leaving, company, errors, error, seconds } = model;
  const isPossible = leaving !== 'lastAdministrator';
  return (
    <AccountFrame
      page={page}
      area="data"
      title={t('deletion.title')}
      lead={t('deletion.lead')}
      error={error}
      seconds={seconds}
      scripts={['form-check', 'password-field']}
    >
      <div class="reading-width">
        {!isPossible && (
          <Notice kind="error">
            <p>{t('deletion.lastAdministrator', { company })}</p>
            <a href="/account/users">{t('deletion.users')}</a>
          </Notice>
        )}
        <ErrorSummary page={page} errors={errors} />
        <Meaning page={page} model={model} />
        {isPossible && <DeletionForm page={page} model={model} />}
      </div>
    </AccountFrame>
  );
}

function Meaning({ page: { t }, model: { leaving, company, email } }: PartProps) {
  return (
    <section class="card">
      <h2>{t('deletion.erasedTitle')}</h2>
      <p>{t('deletion.erased')}</p>
      {leaving === 'goes' && (
        <p>
          <strong>{t('deletion.organisation.goes', { company })}</strong>
        </p>
      )}
      <h2>{t('deletion.keptTitle')}</h2>
      {leaving === 'stays' && <p>{t('deletion.organisation.stays', { company })}</p>}
      <p>{t('deletion.kept')}</p>
      <h2>{t('deletion.afterTitle')}</h2>
      <p>{t('deletion.after', { email })}</p>
      <p>
        <a href="/account/export" download>
          {t('deletion.export')}
        </a>
      </p>
    </section>
  );
}

function DeletionForm({ page, model: { leaving, errors } }: PartProps) {
  const { t } = page;
  const tick = { page, name: 'confirmDeletion', errors };
  return (
    <form class="card marked" method="post" action="/account/delete" data-check>
      <FormToken page={page} />
      <input type="hidden" name="organisation" value={leaving} />
      <PasswordField page={page} name="currentPassword" autocomplete="current-password" errors={errors} />
      <div class="field">
        <label class="choice">
          <input
            {...controlAttributes(tick)}
            type="checkbox"
            name={tick.name}
            value="yes"
            data-words-missing={t('fieldErrors.mustAccept')}
          />
          <span>
            {t(`deletion.confirm.${leaving}`)}
            <RequiredMark />
          </span>
        </label>
        <FieldError {...tick} />
      </div>
      <div class="actions">
        <button type="submit" class="danger">
          {t('deletion.submit')}
        </button>
        <a class="button outline" href="/account">
          {t('deletion.keep')}
        </a>
      </div>
    </form>
  );
}
