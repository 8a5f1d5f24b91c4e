import { FormToken } from '../form-fields.js';
import { Layout } from '../layout.js';
import type { PageContext } from '../models.js';

export interface ConsentModel {
  application: string;
  /** What it asks for that has not been allowed yet. */
  scopes: string[];
  email: string;
}

/** Asks whether an application that is not the platform's own may know what it wants to know. */
export function ConsentPage({ page, model }: { page: PageContext; model: ConsentModel }) {
  const { t } = page;
  const { application, scopes, email } = model;
  const title = t('signIn.consentTitle', { application });
  return (
    <Layout page={page} title={title}>
      <section class="card narrow">
        <h1>{title}</h1>
        <p class="lead">{t('signIn.consentLead', { application, email })}</p>
        <ul>
          {scopes.map((scope) => (
            <li key={scope}>{t(`signIn.scopes.${scope}`)}</li>
          ))}
        </ul>
        <form class="actions" method="post" action="/sign-in">
          <FormToken page={page} />
          <button type="submit" name="decision" value="allow">
            {t('signIn.allow')}
          </button>
          <button type="submit" class="outline" name="decision" value="deny">
            {t('signIn.deny')}
          </button>
        </form>
      </section>
    </Layout>
  );
}
