import type { PageContext } from '../models.js';
import { Notice } from '../notice.js';
import { ConsoleFrame } from './frame.js';
import { PlatformStyles } from './platform-styles.js';

export interface NewApiKeyModel {
  name: string;
  scopes: string[];
  /** Absent when the form was sent long before, or by somebody else: the key was shown then, and is kept nowhere. */
  key?: string;
}

/** The only page that ever shows a key. */
export function NewApiKeyPage({ page, model: { name, scopes, key } }: { page: PageContext; model: NewApiKeyModel }) {
  const { t } = page;
  const back = (
    <p>
      <a class="button outline" href="/console/api-keys">
        {t('apiKeys.back')}
      </a>
    </p>
  );
  if (!key)
    return (
      <ConsoleFrame page={page} area="apiKeys" title={t('apiKeys.madeAlready')}>
        <section class="card reading-width">
          <p>{t('apiKeys.madeAlreadyText')}</p>
          {back}
        </section>
      </ConsoleFrame>
    );
  return (
    <ConsoleFrame page={page} area="apiKeys" title={t('apiKeys.made')} head={<PlatformStyles />}>
      <section class="card reading-width" aria-labelledby="key">
        <Notice kind="info">
          <p>{t('apiKeys.shownOnce')}</p>
        </Notice>
        <h2 id="key">{t('apiKeys.keyFor', { name })}</h2>
        <p>
          <code class="shown-secret">{key}</code>
        </p>
        <p class="muted">{scopes.map((scope) => t(`apiKeys.scopes.${scope.replace(':', '_')}`)).join(' · ')}</p>
        <h3 class="item-title">{t('apiKeys.usage')}</h3>
        <pre class="shown-secret">
          <code>Authorization: Bearer {key.slice(0, 4)}…</code>
        </pre>
        {back}
      </section>
    </ConsoleFrame>
  );
}
