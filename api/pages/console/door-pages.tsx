import { ErrorSummary, FormToken, PasswordField, TextField } from './form-fields.js';
import { ConsoleLayout } from './layout.js';
import type { ConsoleHomeModel, ConsoleLoginModel, OperatorSetupModel, PageContext } from './models.js';
import { FormError, Notice } from './notice.js';

export function OperatorSetupPage({ page, model }: { page: PageContext; model: OperatorSetupModel }) {
  const { t } = page;
  const minimum = model.passwordMinimum;
  return (
    <ConsoleLayout
      page={page}
      title={t('console.setupTitle')}
      failed={Object.keys(model.errors).length > 0}
      scripts={['form-check', 'password-field']}
    >
      <section class="card narrow">
        <h1>{t('console.setupTitle')}</h1>
        <p class="lead">{t('console.setupLead')}</p>
        <ErrorSummary page={page} errors={model.errors} errorVariables={{ minimum }} />
        <form method="post" action={`/console/setup/${encodeURIComponent(model.token)}`} data-check>
          <FormToken page={page} />
          <TextField
            page={page}
            name="email"
            type="email"
            inputMode="email"
            autocomplete="username"
            value={model.email}
            errors={model.errors}
          />
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

export function ConsoleHomePage({ page, model }: { page: PageContext; model: ConsoleHomeModel }) {
  const { t } = page;
  return (
    <ConsoleLayout page={page} title={t('console.homeTitle')} operator={model.operator}>
      <h1>{t('console.homeTitle')}</h1>
      <p class="lead">{t('console.homeLead')}</p>
      <Totals page={page} model={model} />
      <StateTable page={page} model={model} />
      {model.temporalUiUrl && (
        <p>
          <a href={model.temporalUiUrl}>{t('console.temporalUi')}</a>
        </p>
      )}
    </ConsoleLayout>
  );
}

function Totals({ page: { t }, model }: { page: PageContext; model: ConsoleHomeModel }) {
  const sum = (matches: (tags: string[]) => boolean) =>
    model.states.filter(({ tags }) => matches(tags)).reduce((total, { count }) => total + count, 0);
  const attention = sum((tags) => tags.includes('attention'));
  const totals = [
    { name: t('console.inProgress'), count: sum((tags) => tags.length > 0) - attention },
    { name: t('console.attention'), count: attention, alarming: attention > 0 },
    // A state without a tag waits for nothing: it has ended.
    { name: t('console.ended'), count: sum((tags) => tags.length === 0) },
  ];
  return (
    <dl class="totals">
      {totals.map(({ name, count, alarming }) => (
        <div key={name} class={alarming ? 'card alarming' : 'card'}>
          <dt>{name}</dt>
          <dd>{count}</dd>
        </div>
      ))}
    </dl>
  );
}

function StateTable({ page: { t }, model }: { page: PageContext; model: ConsoleHomeModel }) {
  return (
    <div class="card table-card">
      <table>
        <thead>
          <tr>
            <th scope="col">{t('console.state')}</th>
            <th scope="col" class="number">
              {t('console.count')}
            </th>
          </tr>
        </thead>
        <tbody>
          {model.states.map(({ state, tags, count }) => (
            <tr key={state} class={count === 0 ? 'none' : undefined}>
              <th scope="row">
                {t(`states.${state}`)}{' '}
                {tags.map((tag) => (
                  <span key={tag} class={`tag tag-${tag}`}>
                    {t(`console.tags.${tag}`)}
                  </span>
                ))}
              </th>
              <td class="number">{count}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
