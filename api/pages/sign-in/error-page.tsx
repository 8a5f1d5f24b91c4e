import { Layout } from '../layout.js';
import type { PageContext } from '../models.js';

export interface SignInErrorModel {
  status: number;
  requestId: string;
  /** The person was too slow, or came back to an address that was used already. */
  expired: boolean;
  /** For whoever connects the application: in the words of the standard, in English. */
  error: string;
  description?: string;
}

/** An application sent a person here with something that cannot be answered, and nowhere to send them back to. */
export function SignInErrorPage({ page, model }: { page: PageContext; model: SignInErrorModel }) {
  const { t } = page;
  const { status, requestId, expired, error, description } = model;
  const title = t(expired ? 'signIn.expiredTitle' : 'signIn.errorTitle');
  return (
    <Layout page={page} title={title} failed>
      <section class="card narrow">
        <p class="error-status">{status}</p>
        <h1>{title}</h1>
        <p class="lead">{t(expired ? 'signIn.expiredText' : 'signIn.errorText')}</p>
        <a class="button outline" href="/login">
          {t('errorPage.home')}
        </a>
        <p class="reference">
          {t('signIn.errorDetail')} <code>{description ? `${error}: ${description}` : error}</code>
        </p>
        <p class="reference">
          {t('errorPage.requestId')} <code>{requestId}</code>
        </p>
      </section>
    </Layout>
  );
}
