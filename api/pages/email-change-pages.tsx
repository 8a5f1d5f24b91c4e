import { FormToken, PasswordField, UserName } from './form-fields.js';
import { Layout } from './layout.js';
import type { FieldErrors, PageContext } from './models.js';
import { FormError } from './notice.js';

interface ConfirmModel {
  token: string;
  email: string;
  newEmail: string;
  /** Whoever is not logged in as the user shows the password: the mailbox alone may be a mistyped one. */
  asksPassword: boolean;
  errors: FieldErrors;
  error?: string;
  seconds?: number;
}

export function ConfirmEmailPage({ page, model }: { page: PageContext; model: ConfirmModel }) {
  const { t } = page;
  const { token, email, newEmail, asksPassword, errors, error, seconds } = model;
  const title = t('emailChange.title');
  const failed = Boolean(error) || Object.keys(errors).length > 0;
  return (
    <Layout page={page} title={title} failed={failed} scripts={['form-check', 'password-field']}>
      <section class="card narrow">
        <h1>{title}</h1>
        <p class="lead">
          {t('emailChange.lead')} <strong class="address">{newEmail}</strong>
        </p>
        <FormError page={page} error={error} seconds={seconds} />
        <form method="post" action={`/email-change/${token}`} data-check>
          <FormToken page={page} />
          {asksPassword && (
            <>
              <UserName email={email} />
              <PasswordField
                page={page}
                name="password"
                autocomplete="current-password"
                hint={t('emailChange.passwordHint')}
                errors={errors}
              />
            </>
          )}
          <button type="submit">{t('emailChange.confirm')}</button>
        </form>
      </section>
    </Layout>
  );
}

/** `gone`: used, expired, replaced, cancelled or never a link, all the same. `taken`: another account was first. */
export function EmailChangeEndPage({ page, model }: { page: PageContext; model: { reason: 'gone' | 'taken' } }) {
  const { t } = page;
  const title = t(`emailChange.${model.reason}.title`);
  return (
    <Layout page={page} title={title}>
      <section class="card narrow">
        <h1>{title}</h1>
        <p class="lead">{t(`emailChange.${model.reason}.text`)}</p>
        <a class="button" href={page.signedIn ? '/account/security' : '/login'}>
          {t(page.signedIn ? 'emailChange.toAccount' : 'linkEnd.logIn')}
        </a>
      </section>
    </Layout>
  );
}
