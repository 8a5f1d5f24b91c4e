import type { PageContext } from '../models.js';
import { Notice } from '../notice.js';
import { ConsoleFrame } from './frame.js';
import { Styles } from './partners.js';

export interface ApplicationSecretModel {
  id: string;
  name: string;
  secret: string;
  issuer: string;
}

/** The one page that shows a secret; it is kept nowhere. */
export function ApplicationSecretPage({ page, model }: { page: PageContext; model: ApplicationSecretModel }) {
  const { t } = page;
  const { id, name, secret, issuer } = model;
  return (
    <ConsoleFrame page={page} area="applications" title={t('applications.secretTitle', { name })} head={<Styles />}>
      <Notice kind="info">
        <p>{t('applications.secretOnce')}</p>
      </Notice>
      <section class="card reading-width">
        <dl class="facts">
          <div>
            <dt>{t('applications.issuer')}</dt>
            <dd>
              <code>{issuer}</code>
            </dd>
          </div>
          <div>
            <dt>{t('applications.clientId')}</dt>
            <dd>
              <code>{id}</code>
            </dd>
          </div>
          <div>
            <dt>{t('applications.secret')}</dt>
            <dd>
              <code>{secret}</code>
            </dd>
          </div>
        </dl>
        <a class="button" href={`/console/applications/${id}`}>
          {t('applications.secretKept')}
        </a>
      </section>
    </ConsoleFrame>
  );
}
