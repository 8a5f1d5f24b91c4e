import { DevelopmentInbox } from './check-mailbox-page.js';
import { FormToken, PasswordField, TextField, UserName } from './form-fields.js';
import { Layout } from './layout.js';
import type { FieldErrors, PageContext } from './models.js';
import { Notice } from './notice.js';

interface RequestModel {
  email?: string;
  errors: FieldErrors;
}

/** "Forgot your password?": asks for the e-mail, and says the same for every one. */
export function ResetRequestPage({ page, model }: { page: PageContext; model: RequestModel }) {
  const { t } = page;
  const failed = Object.keys(model.errors).length > 0;
  return (
    <Layout page={page} title={t('passwordReset.title')} failed={failed} scripts={['form-check']}>
      <div class="narrow">
        <section class="card">
          <h1>{t('passwordReset.title')}</h1>
          <p class="lead">{t('passwordReset.lead')}</p>
          <EmailForm page={page} {...model} />
        </section>
        <p class="aside-note">
          <a href="/login">{t('passwordReset.backToLogin')}</a>
        </p>
      </div>
    </Layout>
  );
}

function EmailForm({ page, email, errors }: { page: PageContext } & RequestModel) {
  return (
    <form method="post" action="/password-reset" data-check>
      <FormToken page={page} />
      <TextField
        page={page}
        name="email"
        type="email"
        inputMode="email"
        autocomplete="username"
        value={email}
        errors={errors}
      />
      <button type="submit">{page.t('passwordReset.send')}</button>
    </form>
  );
}

interface SentModel {
  email: string;
  resendAfter: number;
  inboxUrl?: string;
}

/** Nothing here depends on whether the address has an account (security.md E1). */
export function ResetSentPage({ page, model }: { page: PageContext; model: SentModel }) {
  const { t } = page;
  return (
    <Layout page={page} title={t('checkMailbox.title')} scripts={['countdown']}>
      <section class="card narrow">
        <span class="medal" aria-hidden="true">
          <span class="icon icon-mail" />
        </span>
        <h1>{t('checkMailbox.title')}</h1>
        <p class="lead">
          {t('checkMailbox.lead')} <strong class="address">{model.email}</strong>
        </p>
        <p>{t('passwordReset.whatNext')}</p>
        {model.inboxUrl && <DevelopmentInbox page={page} url={model.inboxUrl} />}
        <hr />
        <form method="post" action="/password-reset">
          <FormToken page={page} />
          <input type="hidden" name="email" value={model.email} />
          <h2>{t('checkMailbox.notArrived')}</h2>
          <p class="muted">{t('checkMailbox.notArrivedText')}</p>
          <button
            type="submit"
            class="outline"
            data-countdown={model.resendAfter}
            data-waiting={t('checkMailbox.againIn', { time: '{time}' })}
          >
            {t('checkMailbox.again')}
          </button>
        </form>
        <p class="muted">
          {t('checkMailbox.wrongAddress')} <a href="/password-reset">{t('checkMailbox.correct')}</a>
        </p>
      </section>
    </Layout>
  );
}

interface NewPasswordModel {
  token: string;
  email: string;
  passwordMinimum: number;
  errors: FieldErrors;
  /** Who else is logged in in this browser: the link is not theirs (security.md T14). */
  otherUser?: string;
}

export function NewPasswordPage({ page, model }: { page: PageContext; model: NewPasswordModel }) {
  const { t } = page;
  const { token, email, passwordMinimum: minimum, errors, otherUser } = model;
  const title = t('passwordReset.chooseTitle');
  const scripts = ['form-check', 'password-field'];
  return (
    <Layout page={page} title={title} failed={Object.keys(errors).length > 0} scripts={scripts}>
      <section class="card narrow">
        <h1>{title}</h1>
        <p class="lead">
          {t('passwordReset.chooseLead')} <strong class="address">{email}</strong>
        </p>
        {otherUser && (
          <Notice kind="info">
            <p>{t('passwordReset.otherUser', { email: otherUser })}</p>
          </Notice>
        )}
        <form method="post" action={`/password-reset/${token}`} data-check>
          <FormToken page={page} />
          <UserName email={email} />
          <PasswordField
            page={page}
            name="newPassword"
            autocomplete="new-password"
            minimum={minimum}
            hint={t('registration.passwordHint', { minimum })}
            errors={errors}
            errorVariables={{ minimum }}
          />
          <button type="submit">{t('passwordReset.change')}</button>
          <p class="muted">{t('passwordReset.consequence')}</p>
        </form>
      </section>
    </Layout>
  );
}

/** The same for a link that is used, expired or was never one (security.md T11). */
export function ResetLinkEndPage({ page }: { page: PageContext; model: object }) {
  const { t } = page;
  return (
    <Layout page={page} title={t('passwordReset.endTitle')} scripts={['form-check']}>
      <div class="narrow">
        <section class="card">
          <h1>{t('passwordReset.endTitle')}</h1>
          <p class="lead">{t('passwordReset.endText')}</p>
          <EmailForm page={page} errors={{}} />
        </section>
        <p class="aside-note">
          {t('passwordReset.endDone')} <a href="/login">{t('linkEnd.logIn')}</a>
        </p>
      </div>
    </Layout>
  );
}
