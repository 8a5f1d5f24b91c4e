import { FormToken, TextField } from './form-fields.js';
import { Journey } from './journey.js';
import { Layout } from './layout.js';
import type { PageContext, StartModel } from './models.js';
import { FormError } from './notice.js';

export function StartPage({ page, model }: { page: PageContext; model: StartModel }) {
  const { t } = page;
  if (model.kinds.length === 0) return <ClosedPage page={page} />;
  return (
    <Layout
      page={page}
      title={t('start.title')}
      failed={Boolean(model.error) || Object.keys(model.errors).length > 0}
      scripts={['form-check']}
    >
      <Journey page={page} current="email">
        <section class="card">
          <h1>{t('start.title')}</h1>
          <p class="lead">{t('start.lead')}</p>
          <form method="post" action="/register" data-check>
            <FormError page={page} error={model.error} seconds={model.seconds} />
            <FormToken page={page} />
            <TextField
              page={page}
              name="email"
              type="email"
              inputMode="email"
              autocomplete="email"
              value={model.email}
              errors={model.errors}
              hint={t('start.emailHint')}
            />
            <KindChoice page={page} model={model} />
            <button type="submit">{t('start.submit')}</button>
          </form>
        </section>
        <p class="aside-note">
          {t('start.haveAccount')} <a href="/login">{t('start.logIn')}</a>
        </p>
      </Journey>
    </Layout>
  );
}

/** Asked only where there is a choice; it can be changed on the registration page. */
function KindChoice({ page: { t }, model: { kinds, kind } }: { page: PageContext; model: StartModel }) {
  if (kinds.length < 2) return <input type="hidden" name="kind" value={kinds[0]} />;
  return (
    <fieldset class="kinds">
      <legend>{t('start.kind')}</legend>
      {kinds.map((value) => (
        <label key={value} class="choice">
          <input type="radio" name="kind" value={value} checked={value === kind} />
          <span>{t(`start.kinds.${value}`)}</span>
        </label>
      ))}
    </fieldset>
  );
}

function ClosedPage({ page }: { page: PageContext }) {
  const { t } = page;
  return (
    <Layout page={page} title={t('start.closedTitle')}>
      <section class="card narrow">
        <h1>{t('start.closedTitle')}</h1>
        <p class="lead">{t('start.closedText')}</p>
        <a class="button" href="/login">
          {t('start.logIn')}
        </a>
      </section>
    </Layout>
  );
}
