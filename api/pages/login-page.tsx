import { FormToken, PasswordField, TextField } from './form-fields.js';
import { Journey } from './journey.js';
import { Layout } from './layout.js';
import type { LoginModel, PageContext } from './models.js';
import { FormError, Notice } from './notice.js';

export function LoginPage({ page, model }: { page: PageContext; model: LoginModel }) {
  const { t } = page;
  const ready = model.notice === 'accountReady';
  return (
    <Layout
      page={page}
      title={t(ready ? 'login.readyTitle' : 'login.title')}
      failed={Boolean(model.error)}
      scripts={['form-check', 'password-field']}
    >
      {ready ? (
        <Journey page={page} current="ready">
          <section class="card welcome">
            <span class="medal" aria-hidden="true">
              <span class="icon icon-check" />
            </span>
            <h1>{t('login.readyTitle')}</h1>
            <p class="lead">{t('login.readyLead')}</p>
            <Destination page={page} application={model.application} />
            <LoginForm page={page} model={model} />
          </section>
        </Journey>
      ) : (
        <div class="narrow">
          <section class="card">
            <h1>{t('login.title')}</h1>
            <Destination page={page} application={model.application} />
            <LoginForm page={page} model={model} />
          </section>
          <NewHere page={page} model={model} />
        </div>
      )}
    </Layout>
  );
}

function LoginForm({ page, model }: { page: PageContext; model: LoginModel }) {
  const { t } = page;
  return (
    <form method="post" action="/login" data-check>
      {model.notice && model.notice !== 'accountReady' && (
        <Notice kind={model.notice === 'alreadyRegistered' ? 'info' : 'success'}>
          <p>{t(`login.notices.${model.notice}`)}</p>
        </Notice>
      )}
      <FormError page={page} error={model.error} seconds={model.seconds} />
      <FormToken page={page} />
      <TextField page={page} name="email" type="email" inputMode="email" autocomplete="username" value={model.email} />
      <PasswordField page={page} name="password" autocomplete="current-password" />
      <p class="below-field">
        <a href="/password-reset">{t('login.forgot')}</a>
      </p>
      <label class="choice">
        <input type="checkbox" name="remember" checked={model.remember} />
        <span>{t('login.remember')}</span>
      </label>
      <button type="submit">{t('login.submit')}</button>
    </form>
  );
}

/** Where the person came from, and gets back to. */
const Destination = ({ page, application }: { page: PageContext; application?: string }) =>
  application ? <p class="lead">{page.t('signIn.toContinue', { application })}</p> : null;

function NewHere({ page: { t }, model }: { page: PageContext; model: LoginModel }) {
  if (!model.registrationOpen) return <p class="aside-note">{t('login.closed')}</p>;
  return (
    <section class="aside-card">
      <h2>{t('login.newHere')}</h2>
      <p>{t('login.newHereText')}</p>
      <a class="button outline" href={model.application ? '/sign-in/create' : '/register'}>
        {t('login.create')}
      </a>
    </section>
  );
}
