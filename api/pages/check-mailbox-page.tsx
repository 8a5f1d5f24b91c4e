import { FormToken } from './form-fields.js';
import { Journey } from './journey.js';
import { Layout } from './layout.js';
import type { CheckMailboxModel, PageContext } from './models.js';

/** Nothing here may depend on whether the address is known (security.md E1): it is the same page for every address. */
export function CheckMailboxPage({ page, model }: { page: PageContext; model: CheckMailboxModel }) {
  const { t } = page;
  return (
    <Layout page={page} title={t('checkMailbox.title')} scripts={['countdown']}>
      <Journey page={page} current="mailbox">
        <section class="card welcome">
          <span class="medal" aria-hidden="true">
            <span class="icon icon-mail" />
          </span>
          <h1>{t('checkMailbox.title')}</h1>
          <p class="lead">
            {t('checkMailbox.lead')} <strong class="address">{model.email}</strong>
          </p>
          <p>{t('checkMailbox.whatNext')}</p>
          <p class="muted">{t('checkMailbox.linkHours', { count: model.linkHours })}</p>
          {model.inboxUrl && <DevelopmentInbox page={page} url={model.inboxUrl} />}
          <hr />
          <SendAgain page={page} model={model} />
          <p class="muted">
            {t('checkMailbox.wrongAddress')} <a href="/register">{t('checkMailbox.correct')}</a>
          </p>
        </section>
      </Journey>
    </Layout>
  );
}

function SendAgain({ page, model }: { page: PageContext; model: CheckMailboxModel }) {
  const { t } = page;
  return (
    <form method="post" action="/register">
      <FormToken page={page} />
      <input type="hidden" name="email" value={model.email} />
      <h2>{t('checkMailbox.notArrived')}</h2>
      <p class="muted">{t('checkMailbox.notArrivedText')}</p>
      <button
        type="submit"
        class="outline"
        data-countdown={model.resendAfter}
        data-waiting={t('checkMailbox.againIn', { time: '{time}' })}
      >
        {t('checkMailbox.again')}
      </button>
      {model.resendAfter > 0 && (
        <p class="muted">
          <span role="status" data-countdown-note data-ready={t('checkMailbox.againNow')}>
            {t('checkMailbox.againAfter', { seconds: model.resendAfter })}
          </span>{' '}
          {t('checkMailbox.earlierLinks')}
        </p>
      )}
    </form>
  );
}

export function DevelopmentInbox({ page: { t }, url }: { page: PageContext; url: string }) {
  return (
    <p class="development">
      <strong>{t('checkMailbox.inboxTitle')}</strong> {t('checkMailbox.inboxText')}{' '}
      <a href={url}>{t('checkMailbox.inboxLink')}</a>
    </p>
  );
}
