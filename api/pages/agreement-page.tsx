import { AgreementText } from './agreement-text.js';
import { Layout } from './layout.js';
import type { AgreementModel, PageContext } from './models.js';

export function AgreementPage({ page, model: agreement }: { page: PageContext; model: AgreementModel }) {
  return (
    <Layout page={page} title={agreement.title}>
      <article class="card reading" lang={agreement.language}>
        <h1>{agreement.title}</h1>
        <p class="muted" lang={page.language}>
          {page.t('agreements.version', { version: agreement.version })}
        </p>
        <AgreementText body={agreement.body} heading="h2" />
      </article>
    </Layout>
  );
}
