import { type Attempt, type Delivery, loadDelivery, recordAttempt } from '../db/webhook-deliveries.js';
import { disableWebhook, signingSecrets } from '../db/webhooks.js';
import type { ActivityContext } from './activities.js';
import { checkEndpoint, isListed } from './providers/endpoint.js';
import { parseRetryAfter } from './providers/http-json/retry-after.js';
import { type SafeAnswer, safeRequest } from './providers/safe-http.js';
import { webhookHeaders } from './webhook-signature.js';

export interface DeliverWebhookInput {
  deliveryId: string;
  /** When to try again if it does not go through; absent: this is the last try. */
  retryInSeconds?: number;
}

/** Milliseconds that a receiver may take, as the Standard Webhooks suggest at most. */
const timeLimit = 15_000;
/** Part of a pause that chance adds: what failed together should not come back together. */
const spread = 0.1;
/** The receiver wants nothing more, ever. */
const gone = 410;

/** What became of one try: HTTP's status if there was one, and why it did not go through. */
type Outcome = Pick<Attempt, 'status' | 'reason'> & { retryAfter?: number };

/**
 * Sends an event to an endpoint once, and notes how that went. Sent again with the same webhook-id when it failed, or when
 * this process dies before it can note that it went through.
 */
export const deliverWebhook =
  (context: ActivityContext) =>
  async ({ deliveryId, retryInSeconds }: DeliverWebhookInput): Promise<{ retryInSeconds?: number }> => {
    const { db } = context;
    const delivery = await loadDelivery(db, deliveryId);
    if (!delivery) return {}; // has ended, or is erased with its endpoint
    if (delivery.disabled_at) {
      await recordAttempt(db, deliveryId, { state: 'failed', reason: 'endpointDisabled', sent: false });
      return {};
    }
    const { retryAfter = 0, ...outcome } = await send(context, delivery);
    if (!outcome.reason) {
      await recordAttempt(db, deliveryId, { ...outcome, state: 'delivered', sent: true });
      return {};
    }
    if (outcome.status === gone) await disableWebhook(db, delivery.endpoint_id, 'gone');
    if (outcome.status === gone || retryInSeconds === undefined) {
      await recordAttempt(db, deliveryId, { ...outcome, state: 'failed', sent: true });
      return {};
    }
    const pause = Math.max(Math.ceil(retryInSeconds * (1 + Math.random() * spread)), retryAfter);
    await recordAttempt(db, deliveryId, { ...outcome, state: 'retrying', sent: true, retryInSeconds: pause });
    return { retryInSeconds: pause };
  };

async function send({ keys, webhookOrigins }: ActivityContext, delivery: Delivery): Promise<Outcome> {
  const { url, type, data, at, event_id } = delivery;
  // The deployment's list may have changed since the address was saved (security.md F1).
  if (checkEndpoint(url, webhookOrigins)) return { reason: 'addressForbidden' };
  const body = JSON.stringify({ type, timestamp: at.toISOString(), data });
  const timestamp = Math.floor(Date.now() / 1000);
  const target = new URL(url);
  const asked = await safeRequest({
    url: target,
    method: 'POST',
    headers: webhookHeaders(signingSecrets(delivery, keys), { id: `evt_${event_id}`, body, timestamp }),
    body,
    endsAt: performance.now() + timeLimit,
    anyAddress: isListed(target, webhookOrigins),
    statusOnly: true,
  });
  return 'failure' in asked ? { reason: asked.failure.reason } : judge(asked.answer);
}

function judge({ status, retryAfter }: SafeAnswer): Outcome {
  if (status >= 200 && status < 300) return { status };
  return {
    status,
    // Nothing is followed (F3): whoever moves tells staff the new address.
    reason: status >= 300 && status < 400 ? 'redirect' : 'refused',
    retryAfter: parseRetryAfter(retryAfter, Date.now()),
  };
}
