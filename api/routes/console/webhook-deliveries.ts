import { z } from 'zod';
import { recordAudit } from '../../../db/audit.js';
import { replayDelivery, replayFailed, sendPing } from '../../../db/webhook-deliveries.js';
import type { WebhookEndpoint } from '../../../db/webhooks.js';
import { assertThat } from '../../errors.js';
import { bodyOf, type Context, type Route } from '../../http.js';
import type { FieldErrors } from '../../pages/models.js';
import type { Wiring } from '../wiring.js';
import { auditOf, done, formFields, plainForm } from './console-request.js';
import type { TypedWebhook } from './webhook-form.js';

const one = '/console/webhooks/:id';
/** Events are kept for thirty days; whoever says nothing means all of them. */
const replayForm = z.strictObject({ ...formFields, since: z.string().max(40).optional() });
const sinceDay = z.iso.date().transform((day) => new Date(`${day}T00:00:00Z`));

export interface ShownWebhook {
  form?: TypedWebhook;
  errors?: FieldErrors;
  error?: string;
}
export type ShowWebhook = (ctx: Context, shown?: ShownWebhook, status?: number) => Promise<void>;

/** Tests and replays. Each is a delivery of its own, so that what happened before stays to be seen. */
export function webhookDeliveryRoutes(
  { services: { db }, secure }: Wiring,
  { webhookOf, show }: { webhookOf(ctx: Context): Promise<WebhookEndpoint>; show: ShowWebhook },
): Route[] {
  /** Of a disabled endpoint nothing is sent: the delivery would only fail. */
  async function enabledOf(ctx: Context) {
    const webhook = await webhookOf(ctx);
    assertThat(!webhook.disabled_at, 'conflict');
    return webhook;
  }

  async function ping(ctx: Context) {
    const { id } = await enabledOf(ctx);
    await db.transaction(async (trx) => {
      await sendPing(trx, { endpointId: id, staffId: auditOf(ctx).staffId });
      await recordAudit(trx, { ...auditOf(ctx), action: 'webhook.tested', subjectType: 'webhook', subject: id });
    });
    done(ctx, `/console/webhooks/${id}`, 'pinged', secure);
  }

  async function replay(ctx: Context) {
    const { id } = await enabledOf(ctx);
    const delivery = z.uuid().safeParse(ctx.params.deliveryId);
    assertThat(delivery.success, 'notFound');
    const sent = await db.transaction(async (trx) => {
      const isSent = await replayDelivery(trx, { id: delivery.data, endpointId: id, staffId: auditOf(ctx).staffId });
      if (isSent) await auditReplay(ctx, trx, id, 1);
      return isSent;
    });
    if (!sent) return show(ctx, { error: 'staleEdit' }, 409);
    done(ctx, `/console/webhooks/${id}`, 'replayed', secure);
  }

  async function replayAll(ctx: Context) {
    const { id } = await enabledOf(ctx);
    const { since = '' } = bodyOf(ctx, replayForm);
    const day = since === '' ? { success: true as const, data: new Date(0) } : sinceDay.safeParse(since);
    if (!day.success) return show(ctx, { errors: { since: 'invalidDate' }, error: 'invalidFields' }, 400);
    const count = await db.transaction(async (trx) => {
      const sent = await replayFailed(trx, { endpointId: id, since: day.data, staffId: auditOf(ctx).staffId });
      if (sent > 0) await auditReplay(ctx, trx, id, sent);
      return sent;
    });
    done(ctx, `/console/webhooks/${id}`, count > 0 ? 'replayedAll' : 'nothingToReplay', secure);
  }

  const auditReplay = (ctx: Context, trx: typeof db, subject: string, deliveries: number) =>
    recordAudit(trx, {
      ...auditOf(ctx),
      action: 'webhook.replayed',
      subjectType: 'webhook',
      subject,
      after: { deliveries },
    });

  const act = { kind: 'page', method: 'post', audience: 'staff-operator' } as const;
  return [
    { ...act, path: `${one}/ping`, body: plainForm, handle: ping },
    { ...act, path: `${one}/replay`, body: replayForm, handle: replayAll },
    { ...act, path: `${one}/deliveries/:deliveryId/replay`, body: plainForm, handle: replay },
  ];
}
