import { FormToken } from './form-fields.js';
import { Reference } from './journey.js';
import { Layout } from './layout.js';
import type { CancelModel, PageContext } from './models.js';

/** Asked for by a link in a mail, so it needs a button: scanners open links (security.md T4). */
export function CancelPage({ page, model }: { page: PageContext; model: CancelModel }) {
  const { t } = page;
  const registration = `/register/${encodeURIComponent(model.token)}`;
  return (
    <Layout page={page} title={t('cancel.title')}>
      <section class="card narrow">
        <h1>{t('cancel.title')}</h1>
        <p class="lead">{t('cancel.text')}</p>
        <p>{t('cancel.consequence')}</p>
        <form method="post" action={`${registration}/cancel`}>
          <FormToken page={page} />
          <button type="submit" class="danger">
            {t('cancel.confirm')}
          </button>
        </form>
        <a class="button outline" href={registration}>
          {t('cancel.back')}
        </a>
        <Reference page={page} reference={model.reference} />
      </section>
    </Layout>
  );
}
