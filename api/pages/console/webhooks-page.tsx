import type { PageContext } from '../models.js';
import { ErrorLinks } from './error-links.js';
import { ConsoleFrame, may } from './frame.js';
import { PlatformStyles } from './platform-styles.js';
import { fieldLabel, WebhookForm, WebhookState } from './webhook-form.js';
import type { WebhooksModel } from './webhook-models.js';

interface PartProps {
  page: PageContext;
  model: WebhooksModel;
}

export function WebhooksPage({ page, model }: PartProps) {
  const { t } = page;
  const { webhooks, newId, eventTypes, form, errors, error, done } = model;
  return (
    <ConsoleFrame
      page={page}
      area="webhooks"
      title={t('webhooks.title')}
      lead={t('webhooks.lead')}
      done={done}
      error={error}
      scripts={['local-time']}
      head={<PlatformStyles />}
    >
      <ErrorLinks page={page} errors={errors} label={fieldLabel(page)} />
      {webhooks.length === 0 ? (
        <p class="card">{t('webhooks.none')}</p>
      ) : (
        <ul class="plain-list people">
          {webhooks.map((webhook) => (
            <Listed key={webhook.id} page={page} webhook={webhook} />
          ))}
        </ul>
      )}
      {may(page, 'admin') && (
        <section class="card form-section reading-width spaced">
          <h2>{t('webhooks.new')}</h2>
          <p class="muted">{t('webhooks.newLead')}</p>
          <WebhookForm
            page={page}
            action="/console/webhooks/new"
            eventTypes={eventTypes}
            form={form}
            errors={errors}
            submit={t('webhooks.create')}
          >
            <input type="hidden" name="webhookId" value={newId} />
          </WebhookForm>
        </section>
      )}
    </ConsoleFrame>
  );
}

function Listed({ page, webhook }: { page: PageContext; webhook: WebhooksModel['webhooks'][number] }) {
  const { t } = page;
  const { id, name, url, eventTypes, counts } = webhook;
  const told = (['delivered', 'waiting', 'retrying', 'failed'] as const).filter((state) => counts[state]);
  return (
    <li class="card person">
      <div>
        <h2 class="item-title">
          <a href={`/console/webhooks/${id}`}>{name}</a>
        </h2>
        <p class="webhook-url">{url}</p>
        <p class="muted">
          <WebhookState page={page} webhook={webhook} />
        </p>
        <p class="muted">
          {t('webhooks.eventCount', { count: eventTypes.length })}
          {told.map((state) => ` · ${t(`webhooks.counts.${state}`, { count: counts[state] })}`)}
        </p>
      </div>
    </li>
  );
}
