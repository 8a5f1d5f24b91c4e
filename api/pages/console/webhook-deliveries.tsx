import type { ListedDelivery } from '../../../db/webhook-deliveries.js';
import { FormToken } from '../form-fields.js';
import { LocalTime } from '../local-time.js';
import type { PageContext } from '../models.js';
import { Input } from './fields.js';
import { may } from './frame.js';
import { eventWords } from './webhook-form.js';
import type { WebhookModel } from './webhook-models.js';

interface PartProps {
  page: PageContext;
  model: WebhookModel;
}

const states = ['waiting', 'retrying', 'delivered', 'failed'] as const;

/** What was sent to an endpoint, the newest first, and how it was taken. */
export function Deliveries({ page, model }: PartProps) {
  const { t } = page;
  const { webhook, deliveries, next, isFirst, state } = model;
  const path = `/console/webhooks/${webhook.id}`;
  return (
    <section class="console-section">
      <h2>{t('webhooks.deliveries')}</h2>
      <p class="muted">{t('webhooks.deliveriesLead')}</p>
      <nav class="counts" aria-label={t('webhooks.stateFilter')}>
        <ul>
          {[undefined, ...states].map((one) => (
            <li key={one ?? 'all'}>
              <a href={one ? `${path}?state=${one}` : path} aria-current={one === state ? 'true' : undefined}>
                {t(one ? `webhooks.deliveryStates.${one}` : 'webhooks.allDeliveries')}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <div id="deliveries" data-live={isFirst ? true : undefined}>
        {deliveries.length === 0 ? (
          <p class="card">{t('webhooks.noDeliveries')}</p>
        ) : (
          <DeliveryTable page={page} model={model} />
        )}
      </div>
      <p class="row-actions">
        {!isFirst && <a href={state ? `${path}?state=${state}` : path}>{t('webhooks.newest')}</a>}
        {next && (
          <a href={`${path}?${new URLSearchParams({ ...(state ? { state } : {}), after: next })}`}>
            {t('webhooks.older')}
          </a>
        )}
      </p>
      {may(page, 'operator') && !webhook.disabledAt && <ReplayFailed page={page} model={model} />}
    </section>
  );
}

function DeliveryTable({ page, model: { webhook, deliveries } }: PartProps) {
  const { t } = page;
  const canReplay = may(page, 'operator') && !webhook.disabledAt;
  return (
    <div class="card table-card">
      <table class="stacking" aria-label={t('webhooks.deliveries')}>
        <thead>
          <tr>
            {['event', 'about', 'deliveryState', 'attempts', 'answer'].map((column) => (
              <th key={column} scope="col">
                {t(`webhooks.columns.${column}`)}
              </th>
            ))}
            {canReplay && <th scope="col">{t('webhooks.columns.actions')}</th>}
          </tr>
        </thead>
        <tbody>
          {deliveries.map((delivery) => (
            <Row key={delivery.id} page={page} delivery={delivery} webhookId={webhook.id} canReplay={canReplay} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface RowProps {
  page: PageContext;
  delivery: ListedDelivery;
  webhookId: string;
  canReplay: boolean;
}

function Row({ page, delivery, webhookId, canReplay }: RowProps) {
  const { t } = page;
  const { id, type, state, attempts, createdAt, nextAttemptAt, requestedBy } = delivery;
  const hasEnded = state === 'delivered' || state === 'failed';
  return (
    <tr>
      <th scope="row">
        {eventWords(page, type)}
        <br />
        <span class="muted">
          <LocalTime page={page} at={createdAt.toISOString()} />
        </span>
      </th>
      <td data-label={t('webhooks.columns.about')}>
        <Subject delivery={delivery} />
      </td>
      <td data-label={t('webhooks.columns.deliveryState')}>
        <span>
          <span class={state === 'failed' ? 'tag tag-attention' : 'tag'}>{t(`webhooks.deliveryStates.${state}`)}</span>
          {state === 'retrying' && nextAttemptAt && (
            <span class="muted">
              {t('webhooks.nextTry')} <LocalTime page={page} at={nextAttemptAt.toISOString()} />
            </span>
          )}
          {requestedBy && <span class="muted">{t('webhooks.requestedBy', { email: requestedBy })}</span>}
        </span>
      </td>
      <td data-label={t('webhooks.columns.attempts')}>{attempts}</td>
      <td data-label={t('webhooks.columns.answer')}>
        <Answer page={page} delivery={delivery} />
      </td>
      {canReplay && (
        <td>
          {hasEnded && (
            <form method="post" action={`/console/webhooks/${webhookId}/deliveries/${id}/replay`} class="inline-form">
              <FormToken page={page} />
              <button type="submit" class="outline">
                {t('webhooks.replay')}
                <span class="visually-hidden">: {eventWords(page, type)}</span>
              </button>
            </form>
          )}
        </td>
      )}
    </tr>
  );
}

function Subject({ delivery: { subject } }: { delivery: ListedDelivery }) {
  if (!subject) return <>–</>;
  return subject.startsWith('RG-') ? (
    <a class="listing-link" href={`/console/registrations/${subject}`}>
      {subject}
    </a>
  ) : (
    <code>{subject}</code>
  );
}

/** Only what it was called, never what it said: that is the receiver's, and may be anything. */
function Answer({ page: { t }, delivery: { status, reason } }: { page: PageContext; delivery: ListedDelivery }) {
  const words = [status && `HTTP ${status}`, reason && reason !== 'refused' && t(`webhooks.reasons.${reason}`)];
  return <span>{words.filter(Boolean).join(' · ') || '–'}</span>;
}

function ReplayFailed({ page, model: { webhook, errors } }: PartProps) {
  const { t } = page;
  return (
    <form class="card form-section reading-width" method="post" action={`/console/webhooks/${webhook.id}/replay`}>
      <h3>{t('webhooks.replayFailed')}</h3>
      <p class="muted">{t('webhooks.replayFailedLead')}</p>
      <FormToken page={page} />
      <Input
        page={page}
        name="since"
        type="date"
        label={t('webhooks.fields.since')}
        hint={t('webhooks.hints.since')}
        errors={errors}
      />
      <button type="submit" class="outline">
        {t('webhooks.replayFailedNow')}
      </button>
    </form>
  );
}
