import type { ComponentChildren } from 'preact';
import { FormToken } from '../form-fields.js';
import { LocalTime } from '../local-time.js';
import type { PageContext } from '../models.js';
import { ErrorLinks } from './error-links.js';
import { ConsoleFrame, may } from './frame.js';
import { PlatformStyles } from './platform-styles.js';
import { Fact } from './registration-detail-fact.js';
import { Deliveries } from './webhook-deliveries.js';
import { fieldLabel, WebhookForm, WebhookState } from './webhook-form.js';
import type { WebhookModel } from './webhook-models.js';

interface PartProps {
  page: PageContext;
  model: WebhookModel;
}

/** One endpoint: how it does, what was sent to it, and what may be changed of it. */
export function WebhookPage({ page, model }: PartProps) {
  const { t } = page;
  const { webhook, errors } = model;
  return (
    <ConsoleFrame
      page={page}
      area="webhooks"
      title={webhook.name}
      done={model.done}
      error={model.error}
      scripts={['local-time', 'live']}
      head={<PlatformStyles />}
    >
      <ErrorLinks page={page} errors={errors} label={fieldLabel(page)} />
      <p>
        <a href="/console/webhooks">{t('webhooks.back')}</a>
      </p>
      <Facts page={page} model={model} />
      <Deliveries page={page} model={model} />
      {may(page, 'admin') && <Settings page={page} model={model} />}
    </ConsoleFrame>
  );
}

function Facts({ page, model: { webhook, eventTypes } }: PartProps) {
  const { t } = page;
  const { id, url, disabledAt, secretAt, oldSecretUntil } = webhook;
  const wanted =
    webhook.eventTypes.length === eventTypes.length ? t('webhooks.allEvents') : webhook.eventTypes.join(', ');
  return (
    <section class="card">
      <dl class="record-facts" id="webhook" data-live>
        <Fact label={t('webhooks.state')}>
          <WebhookState page={page} webhook={webhook} />
        </Fact>
        <Fact label={t('webhooks.fields.url')}>
          <span class="webhook-url">{url}</span>
        </Fact>
        <Fact label={t('webhooks.fields.events')}>{wanted}</Fact>
        <Fact label={t('webhooks.secret')}>
          {t('webhooks.secretMadeAt')} <LocalTime page={page} at={secretAt} />
          {oldSecretUntil && (
            <>
              {' · '}
              {t('webhooks.oldSecretUntil')} <LocalTime page={page} at={oldSecretUntil} />
            </>
          )}
        </Fact>
      </dl>
      <div class="button-row">
        {!disabledAt && may(page, 'operator') && (
          <Action page={page} action={`/console/webhooks/${id}/ping`}>
            <button type="submit" class="outline">
              {t('webhooks.ping')}
            </button>
          </Action>
        )}
        {may(page, 'admin') && (
          <Action page={page} action={`/console/webhooks/${id}/${disabledAt ? 'enable' : 'disable'}`}>
            <button type="submit" class={disabledAt ? 'outline' : 'outline warning'}>
              {t(disabledAt ? 'webhooks.enable' : 'webhooks.disable')}
            </button>
          </Action>
        )}
      </div>
    </section>
  );
}

function Settings({ page, model }: PartProps) {
  const { t } = page;
  const { webhook, eventTypes, form, errors } = model;
  const { id, version, disabledAt } = webhook;
  const versionField = <input type="hidden" name="version" value={version} />;
  return (
    <>
      <section class="card form-section reading-width spaced">
        <h2>{t('webhooks.settings')}</h2>
        <WebhookForm
          page={page}
          action={`/console/webhooks/${id}`}
          eventTypes={eventTypes}
          form={form}
          errors={errors}
          submit={t('webhooks.save')}
        >
          {versionField}
        </WebhookForm>
      </section>
      <section class="aside-card reading-width">
        <h2>{t('webhooks.newSecret')}</h2>
        <p>{t('webhooks.newSecretLead')}</p>
        <Action page={page} action={`/console/webhooks/${id}/secret`}>
          {versionField}
          <button type="submit" class="outline compact">
            {t('webhooks.makeSecret')}
          </button>
        </Action>
        <h2>{t('webhooks.deletion')}</h2>
        {disabledAt ? (
          <Action page={page} action={`/console/webhooks/${id}/delete`}>
            <p>{t('webhooks.deletionLead')}</p>
            <button type="submit" class="danger compact">
              {t('webhooks.delete')}
            </button>
          </Action>
        ) : (
          <p>{t('webhooks.deletionDisabledOnly')}</p>
        )}
      </section>
    </>
  );
}

const Action = ({ page, action, children }: { page: PageContext; action: string; children: ComponentChildren }) => (
  <form method="post" action={action}>
    <FormToken page={page} />
    {children}
  </form>
);
