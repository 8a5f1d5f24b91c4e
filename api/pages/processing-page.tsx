import { Journey, Reference } from './journey.js';
import { Layout } from './layout.js';
import type { PageContext, ProcessingModel } from './models.js';

/** Shown only when the creation takes longer than the request that asked for it. */
export function ProcessingPage({ page, model }: { page: PageContext; model: ProcessingModel }) {
  const { t } = page;
  return (
    <Layout
      page={page}
      title={t('processing.title')}
      scripts={['processing']}
      // With script the page asks by itself and goes on without a reload, which would start a screen reader over.
      head={
        <noscript>
          <meta http-equiv="refresh" content="2" />
        </noscript>
      }
    >
      <Journey page={page} current="details">
        <section class="card" data-processing>
          <progress class="processing-bar" aria-label={t('processing.title')} />
          <h1>{t('processing.title')}</h1>
          <p class="lead">{t('processing.lead')}</p>
          <p class="muted">{t('processing.closing')}</p>
          <p>
            <a href={`/register/${encodeURIComponent(model.token)}/processing`}>{t('processing.refresh')}</a>
          </p>
          <Reference page={page} reference={model.reference} />
        </section>
      </Journey>
    </Layout>
  );
}
