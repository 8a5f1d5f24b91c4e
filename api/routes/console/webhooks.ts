import { randomUUID } from 'node:crypto';
import type { Knex } from 'knex';
import { z } from 'zod';
import { recordAudit } from '../../../db/audit.js';
import { countDeliveries, listDeliveries } from '../../../db/webhook-deliveries.js';
import {
  changeWebhook,
  createWebhook,
  deleteWebhook,
  disableWebhook,
  displayedSecret,
  enableWebhook,
  eventTypes,
  findWebhook,
  listWebhooks,
  rotateSecret,
  type WebhookEndpoint,
} from '../../../db/webhooks.js';
import { assertThat } from '../../errors.js';
import { bodyOf, type Context, type Route, seeOther } from '../../http.js';
import { WebhookPage } from '../../pages/console/webhook-page.js';
import { WebhookSecretPage } from '../../pages/console/webhook-secret-page.js';
import { WebhooksPage } from '../../pages/console/webhooks-page.js';
import { showPage } from '../../show-page.js';
import type { Wiring } from '../wiring.js';
import { auditOf, done, formFields, plainForm } from './console-request.js';
import { differences } from './differences.js';
import { takeDone } from './take-done.js';
import { pathId, versionOf } from './typed-text.js';
import { type ShownWebhook, type ShowWebhook, webhookDeliveryRoutes } from './webhook-deliveries.js';
import { judgeWebhook, newWebhookForm, type TypedWebhook, typedFrom, typedNew, webhookForm } from './webhook-form.js';

const list = '/console/webhooks';
const pageSize = 50;
const versionForm = z.strictObject({ ...formFields, version: z.string().max(20) });

const deliveryQuery = z.object({
  state: z.enum(['waiting', 'retrying', 'delivered', 'failed']).optional().catch(undefined),
  after: z.uuid().optional().catch(undefined),
});

/** Webhooks: where the platform is told of events. Viewers look, operators test and send again, administrators change. */
export function webhookRoutes(wiring: Wiring): Route[] {
  const { services, secure, webhookOrigins } = wiring;
  const { db, keys } = services;

  async function showList(ctx: Context, { form = typedNew, errors = {}, error }: ShownWebhook = {}, status = 200) {
    const [webhooks, counts] = await Promise.all([listWebhooks(db), countDeliveries(db)]);
    const shown = webhooks.map((webhook) => ({ ...present(webhook), counts: counts.get(webhook.id) ?? {} }));
    const model = { webhooks: shown, newId: randomUUID(), eventTypes: [...eventTypes], form, errors, error };
    showPage(ctx, WebhooksPage, { ...model, done: error ? undefined : takeDone(ctx, secure) }, status);
  }

  const showOne: ShowWebhook = async (ctx, { form, errors = {}, error } = {}, status = 200) => {
    const webhook = await webhookOf(ctx);
    const { state, after } = deliveryQuery.parse(ctx.query);
    const found = await listDeliveries(db, { endpointId: webhook.id, state, after, limit: pageSize + 1 });
    const deliveries = found.slice(0, pageSize);
    const next = found.length > pageSize ? deliveries.at(-1)?.id : undefined;
    const model = { webhook: present(webhook), eventTypes: [...eventTypes], deliveries, next, state, isFirst: !after };
    const typed = form ?? typedFrom(webhook);
    showPage(
      ctx,
      WebhookPage,
      { ...model, form: typed, errors, error, done: error ? undefined : takeDone(ctx, secure) },
      status,
    );
  };

  async function webhookOf(ctx: Context): Promise<WebhookEndpoint> {
    const webhook = await findWebhook(db, pathId(ctx));
    assertThat(webhook, 'notFound');
    return webhook;
  }

  async function create(ctx: Context) {
    const {
      webhookId: id,
      formToken: _,
      ...form
    } = bodyOf(ctx, newWebhookForm) as TypedWebhook & { webhookId: string };
    const judged = judgeWebhook(form, webhookOrigins);
    if ('errors' in judged) return showList(ctx, { form, errors: judged.errors, error: 'invalidFields' }, 400);
    const { values } = judged;
    await db.transaction(async (trx) => {
      const made = await createWebhook(trx, keys, { id, staffId: auditOf(ctx).staffId, values });
      if (made) await audit(ctx, trx, 'created', id, { after: told(values) });
    });
    await showSecret(ctx, id, false);
  }

  async function edit(ctx: Context) {
    const webhook = await webhookOf(ctx);
    const { version, formToken: _, ...form } = bodyOf(ctx, webhookForm) as TypedWebhook & { version: string };
    const judged = judgeWebhook(form, webhookOrigins);
    if ('errors' in judged) return showOne(ctx, { form, errors: judged.errors, error: 'invalidFields' }, 400);
    const changed = differences(told(webhook), told(judged.values));
    const saved = await db.transaction(async (trx) => {
      if (!(await changeWebhook(trx, webhook.id, versionOf(version), judged.values))) return false;
      await audit(ctx, trx, 'changed', webhook.id, changed ?? {});
      return true;
    });
    if (!saved) return showOne(ctx, { form, error: 'staleEdit' }, 409);
    done(ctx, `${list}/${webhook.id}`, 'changed', secure);
  }

  async function rotate(ctx: Context) {
    const webhook = await webhookOf(ctx);
    const version = versionOf(bodyOf(ctx, versionForm).version);
    const { staffId } = auditOf(ctx);
    const rotated = await db.transaction(async (trx) => {
      const made = await rotateSecret(trx, keys, { id: webhook.id, version, staffId });
      if (made) await audit(ctx, trx, 'secretRotated', webhook.id, {});
      return made;
    });
    // Of two clicks the second finds the version gone, by the first, and shows what that has made.
    const now = await webhookOf(ctx);
    const isSecondClick = now.version === version + 1 && now.secret_by === staffId && now.sealed_old_secret;
    if (!rotated && !isSecondClick) return showOne(ctx, { error: 'staleEdit' }, 409);
    await showSecret(ctx, webhook.id, true);
  }

  async function showSecret(ctx: Context, id: string, rotated: boolean) {
    const webhook = await findWebhook(db, id);
    assertThat(webhook, 'notFound');
    const secret = await displayedSecret(db, keys, { id, staffId: auditOf(ctx).staffId });
    showPage(ctx, WebhookSecretPage, { id, name: webhook.name, secret, rotated }, secret ? 200 : 409);
  }

  const turn = (how: 'enabled' | 'disabled' | 'deleted', change: (trx: Knex, id: string) => Promise<boolean>) =>
    async function turnWebhook(ctx: Context) {
      const webhook = await webhookOf(ctx);
      const changed = await db.transaction(async (trx) => {
        const isChanged = await change(trx, webhook.id);
        if (isChanged) await audit(ctx, trx, how, webhook.id, how === 'deleted' ? { before: told(webhook) } : {});
        return isChanged;
      });
      if (!changed) return showOne(ctx, { error: 'staleEdit' }, 409);
      done(ctx, how === 'deleted' ? list : `${list}/${webhook.id}`, how, secure);
    };

  const audit = (
    ctx: Context,
    trx: Knex,
    verb: string,
    subject: string,
    changes: { before?: object; after?: object },
  ) => recordAudit(trx, { ...auditOf(ctx), action: `webhook.${verb}`, subjectType: 'webhook', subject, ...changes });

  const look = { kind: 'page', method: 'get', audience: 'staff-viewer' } as const;
  const admin = { kind: 'page', method: 'post', audience: 'staff-admin' } as const;
  const one = `${list}/:id`;
  const switchedOff = (trx: Knex, id: string) => disableWebhook(trx, id, 'staff');
  return [
    { ...look, path: list, handle: (ctx) => showList(ctx) },
    // Where choosing another language leads from the answers to the forms.
    { ...look, path: `${list}/new`, handle: (ctx) => seeOther(ctx, list) },
    { ...look, path: one, handle: (ctx) => showOne(ctx) },
    { ...look, path: `${one}/secret`, handle: (ctx) => seeOther(ctx, `${list}/${pathId(ctx)}`) },
    { ...admin, path: `${list}/new`, body: newWebhookForm, handle: create },
    { ...admin, path: one, body: webhookForm, handle: edit },
    { ...admin, path: `${one}/secret`, body: versionForm, handle: rotate },
    { ...admin, path: `${one}/enable`, body: plainForm, handle: turn('enabled', enableWebhook) },
    { ...admin, path: `${one}/disable`, body: plainForm, handle: turn('disabled', switchedOff) },
    { ...admin, path: `${one}/delete`, body: plainForm, handle: turn('deleted', deleteWebhook) },
    ...webhookDeliveryRoutes(wiring, { webhookOf, show: showOne }),
  ];
}

/** For the audit log: what stands behind the question mark may be a secret. */
const told = ({ name, url, event_types }: Pick<WebhookEndpoint, 'name' | 'url' | 'event_types'>) => ({
  name,
  url: url.replace(/\?.*/, '?…'),
  eventTypes: event_types,
});

/** An endpoint without its secrets. */
const present = (webhook: WebhookEndpoint) => ({
  id: webhook.id,
  name: webhook.name,
  url: webhook.url,
  eventTypes: webhook.event_types,
  version: webhook.version,
  failingSince: webhook.failing_since?.toISOString(),
  disabledAt: webhook.disabled_at?.toISOString(),
  disabledReason: webhook.disabled_reason ?? undefined,
  secretAt: webhook.secret_at.toISOString(),
  oldSecretUntil:
    webhook.old_secret_until && webhook.old_secret_until > new Date()
      ? webhook.old_secret_until.toISOString()
      : undefined,
});
