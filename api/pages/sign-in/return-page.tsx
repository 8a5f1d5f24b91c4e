import { Layout } from '../layout.js';
import type { PageContext } from '../models.js';

export interface ReturnModel {
  application: string;
  /** Of this site, where the way to the application begins. */
  path: string;
}

/**
 * Between a form and the application. A form may lead nowhere but to this site (`form-action`), and browsers hold a
 * redirect after it to that, too; the refresh of a page is a new beginning.
 */
export function ReturnPage({ page, model }: { page: PageContext; model: ReturnModel }) {
  const { t } = page;
  const title = t('signIn.returnTitle', { application: model.application });
  return (
    <Layout page={page} title={title} head={<meta http-equiv="refresh" content={`0;url=${model.path}`} />}>
      <section class="card narrow">
        <h1>{title}</h1>
        <a class="button" href={model.path}>
          {t('signIn.returnLink')}
        </a>
      </section>
    </Layout>
  );
}
