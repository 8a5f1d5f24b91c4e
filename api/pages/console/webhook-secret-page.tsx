import type { PageContext } from '../models.js';
import { Notice } from '../notice.js';
import { ConsoleFrame } from './frame.js';
import { PlatformStyles } from './platform-styles.js';

export interface WebhookSecretModel {
  id: string;
  name: string;
  /** Absent when the form was sent long before, or by somebody else: the secret was shown then. */
  secret?: string;
  rotated: boolean;
}

/** The only page that ever shows a secret. */
export function WebhookSecretPage({ page, model }: { page: PageContext; model: WebhookSecretModel }) {
  const { t } = page;
  const { id, name, secret, rotated } = model;
  return (
    <ConsoleFrame
      page={page}
      area="webhooks"
      title={t(secret ? 'webhooks.secretMade' : 'webhooks.secretMadeAlready')}
      head={<PlatformStyles />}
    >
      <section class="card reading-width" aria-labelledby="secret">
        <h2 id="secret">{t('webhooks.secretFor', { name })}</h2>
        {secret ? (
          <>
            <Notice kind="info">
              <p>{t('webhooks.secretShownOnce')}</p>
            </Notice>
            <p>
              <code class="shown-secret">{secret}</code>
            </p>
            <p>{t(rotated ? 'webhooks.secretRotatedText' : 'webhooks.secretText')}</p>
          </>
        ) : (
          <p>{t('webhooks.secretMadeAlreadyText')}</p>
        )}
        <p>
          <a class="button outline" href={`/console/webhooks/${id}`}>
            {t('webhooks.goOn', { name })}
          </a>
        </p>
      </section>
    </ConsoleFrame>
  );
}
