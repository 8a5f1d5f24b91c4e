import { ErrorSummary, FieldError, FormToken, PasswordField, TextField } from '../form-fields.js';
import { ConsoleLayout } from '../layout.js';
import type { ConsoleLoginModel, FieldErrors, OperatorSetupModel, PageContext } from '../models.js';
import { FormError, Notice } from '../notice.js';

export function OperatorSetupPage({ page, model }: { page: PageContext; model: OperatorSetupModel }) {
  const { t } = page;
  const { passwordMinimum: minimum, invited } = model;
  const title = t(invited ? 'staff.setUp.title' : 'console.setupTitle');
  return (
    <ConsoleLayout
      page={page}
      title={title}
      failed={Object.keys(model.errors).length > 0}
      scripts={['form-check', 'password-field']}
    >
      <section class="card narrow">
        <h1>{title}</h1>
        <p class="lead">{t(invited ? 'staff.setUp.lead' : 'console.setupLead')}</p>
        <ErrorSummary page={page} errors={model.errors} errorVariables={{ minimum }} />
        <form method="post" action={`/console/setup/${encodeURIComponent(model.token)}`} data-check>
          <FormToken page={page} />
          {invited ? (
            <InvitedEmail page={page} email={invited} errors={model.errors} />
          ) : (
            <TextField
              page={page}
              name="email"
              type="email"
              inputMode="email"
              autocomplete="username"
              value={model.email}
              errors={model.errors}
            />
          )}
          <PasswordField
            page={page}
            name="password"
            autocomplete="new-password"
            minimum={minimum}
            errors={model.errors}
            errorVariables={{ minimum }}
            hint={t('registration.passwordHint', { minimum })}
          />
          <button type="submit">{t('console.setupSubmit')}</button>
        </form>
      </section>
    </ConsoleLayout>
  );
}

/** The link was mailed to this address, and makes no other one staff. */
function InvitedEmail({ page, email, errors }: { page: PageContext; email: string; errors: FieldErrors }) {
  const { t } = page;
  return (
    <div class="field">
      <label for="email">{t('fields.email')}</label>
      <p class="field-hint" id="email-hint">
        {t('staff.setUp.emailHint')}
      </p>
      <input
        id="email"
        type="email"
        name="email"
        value={email}
        readOnly
        autocomplete="username"
        aria-describedby="email-hint email-error"
      />
      <FieldError page={page} name="email" errors={errors} />
    </div>
  );
}

export function ConsoleLoginPage({ page, model }: { page: PageContext; model: ConsoleLoginModel }) {
  const { t } = page;
  return (
    <ConsoleLayout
      page={page}
      title={t('console.loginTitle')}
      failed={Boolean(model.error)}
      scripts={['form-check', 'password-field']}
    >
      <section class="card narrow">
        <h1>{t('console.loginTitle')}</h1>
        <form method="post" action="/console/login" data-check>
          {model.notice && (
            <Notice kind="success">
              <p>{t(`console.notices.${model.notice}`)}</p>
            </Notice>
          )}
          <FormError page={page} error={model.error} seconds={model.seconds} />
          <FormToken page={page} />
          <TextField
            page={page}
            name="email"
            type="email"
            inputMode="email"
            autocomplete="username"
            value={model.email}
          />
          <PasswordField page={page} name="password" autocomplete="current-password" />
          <button type="submit">{t('console.loginSubmit')}</button>
        </form>
      </section>
    </ConsoleLayout>
  );
}
