import { ErrorSummary, FormToken, TextField } from './form-fields.js';
import { Journey, Reference } from './journey.js';
import { Layout } from './layout.js';
import { LocalTime } from './local-time.js';
import type { FieldErrors, PageContext } from './models.js';
import { FormError, Notice } from './notice.js';

export interface JoinModel {
  token: string;
  reference: string;
  answers: { administratorEmail?: string; givenName?: string; familyName?: string };
  errors: FieldErrors;
  error?: string;
  seconds?: number;
  /** When a request that waits for an answer ends, ISO 8601. */
  waitsUntil?: string;
}

/** To be let into a company that is there. Names no company and confirms no address (security.md D7). */
export function JoinPage({ page, model }: { page: PageContext; model: JoinModel }) {
  const { t } = page;
  const back = `/register/${encodeURIComponent(model.token)}`;
  const failed = Boolean(model.error) || Object.keys(model.errors).length > 0;
  return (
    <Layout page={page} title={t('join.title')} failed={failed} scripts={['form-check', 'local-time']}>
      <Journey page={page} current="details" aside={<Reference page={page} reference={model.reference} />}>
        <h1>{t('join.title')}</h1>
        {model.waitsUntil ? (
          <Notice kind="success">
            <p>
              <strong>{t('join.asked')}</strong> {t('join.askedText')}
            </p>
            <p class="muted">
              {t('join.waitsUntil')} <LocalTime page={page} at={model.waitsUntil} />
            </p>
          </Notice>
        ) : (
          <JoinForm page={page} model={model} action={`${back}/join`} />
        )}
        <p>
          <a href={back}>{t('join.back')}</a>
        </p>
      </Journey>
    </Layout>
  );
}

function JoinForm({ page, model, action }: { page: PageContext; model: JoinModel; action: string }) {
  const { t } = page;
  const { answers, errors, error, seconds } = model;
  const field = { page, errors };
  return (
    <>
      <p class="lead">{t('join.lead')}</p>
      <FormError page={page} error={error} seconds={seconds} />
      <ErrorSummary page={page} errors={errors} />
      <form class="card form-section" method="post" action={action} data-check>
        <FormToken page={page} />
        <div class="form-grid">
          <TextField
            {...field}
            name="administratorEmail"
            type="email"
            inputMode="email"
            value={answers.administratorEmail}
            autocomplete="off"
            hint={t('join.administratorHint')}
          />
          <TextField {...field} name="givenName" value={answers.givenName} autocomplete="given-name" class="half" />
          <TextField {...field} name="familyName" value={answers.familyName} autocomplete="family-name" class="half" />
        </div>
        <div class="actions">
          <button type="submit">{t('join.submit')}</button>
          <p class="muted">{t('join.submitHint')}</p>
        </div>
      </form>
    </>
  );
}
