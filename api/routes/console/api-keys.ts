import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { apiScopes, createApiKey, displayedApiKey, listApiKeys, revokeApiKey } from '../../../db/api-keys.js';
import { recordAudit } from '../../../db/audit.js';
import { bodyOf, type Context, type Route, seeOther } from '../../http.js';
import { ApiKeysPage } from '../../pages/console/api-keys-page.js';
import { NewApiKeyPage } from '../../pages/console/new-api-key-page.js';
import type { FieldErrors } from '../../pages/models.js';
import { showPage } from '../../show-page.js';
import { fieldErrors } from '../registrations/schema.js';
import type { Wiring } from '../wiring.js';
import { auditOf, done, formFields, plainForm } from './console-request.js';
import { dayAhead, lastDay } from './last-day.js';
import { takeDone } from './take-done.js';
import { line, pathId } from './typed-text.js';

const list = '/console/api-keys';
const created = `${list}/new`;
/** A key that nobody thinks of any more should end by itself. */
const usualDays = 365;

/** One box a scope, named by its place in the list: equal names are refused. */
const scopeFields = apiScopes.map((_, index) => `scope${index}`);
const typedKey = z.strictObject({
  ...formFields,
  /** Of the key that is to be made: the form that is sent twice makes one. */
  keyId: z.uuid(),
  name: z.string().max(1_000).optional(),
  expiresOn: z.string().max(20).optional(),
  ...Object.fromEntries(scopeFields.map((field) => [field, z.string().optional()])),
});
const newKey = z.object({
  name: line(100).pipe(z.string().min(1, 'required')),
  expiresOn: lastDay,
});

type Typed = Partial<Record<string, string>>;

/** API keys of the host platform. A key is in the answer to the form that made it, for ten minutes, and nowhere else. */
export function apiKeyRoutes({ services: { db, keys }, secure }: Wiring): Route[] {
  async function show(ctx: Context, typed: Typed = {}, errors: FieldErrors = {}, error?: string, status = 200) {
    const model = {
      keys: await listApiKeys(db),
      newId: randomUUID(),
      scopes: [...apiScopes],
      typed: { expiresOn: dayAhead(usualDays), ...typed },
      errors,
      error,
      done: error ? undefined : takeDone(ctx, secure),
    };
    showPage(ctx, ApiKeysPage, model, status);
  }

  async function make(ctx: Context) {
    const { keyId, formToken: _, ...typed } = bodyOf(ctx, typedKey) as Typed & { keyId: string };
    const judged = newKey.safeParse({ ...typed, name: typed.name ?? '' });
    const scopes = apiScopes.filter((_scope, index) => typed[scopeFields[index]!]);
    const errors: FieldErrors = {
      ...(judged.success ? {} : fieldErrors(judged.error)),
      ...(scopes.length > 0 ? {} : { scope0: 'kindMissing' }),
    };
    if (!judged.success || scopes.length === 0) return show(ctx, typed, errors, 'invalidFields', 400);
    const { name, expiresOn: expiresAt } = judged.data;
    const { staffId } = auditOf(ctx);
    await db.transaction(async (trx) => {
      if (!(await createApiKey(trx, keys, { id: keyId, name, scopes, expiresAt, createdBy: staffId }))) return;
      const after = { name, scopes, expiresAt };
      const what = { action: 'apiKey.created', subjectType: 'apiKey', subject: keyId } as const;
      await recordAudit(trx, { ...auditOf(ctx), ...what, after });
    });
    const key = await displayedApiKey(db, keys, { id: keyId, staffId });
    showPage(ctx, NewApiKeyPage, { name, scopes, key }, key ? 200 : 409);
  }

  async function revoke(ctx: Context) {
    const id = pathId(ctx);
    const revoked = await db.transaction(async (trx) => {
      const key = await revokeApiKey(trx, id);
      const what = { action: 'apiKey.revoked', subjectType: 'apiKey', subject: id } as const;
      if (key) await recordAudit(trx, { ...auditOf(ctx), ...what, before: { name: key.name } });
      return key;
    });
    if (!revoked) return show(ctx, {}, {}, 'staleEdit', 409);
    done(ctx, list, 'revoked', secure);
  }

  const change = { kind: 'page', method: 'post', audience: 'staff-admin' } as const;
  const look = { kind: 'page', method: 'get', audience: 'staff-viewer' } as const;
  return [
    { ...look, path: list, handle: (ctx) => show(ctx) },
    { ...change, path: created, body: typedKey, handle: make },
    // Where choosing another language leads from the answer to the form.
    { ...look, path: created, handle: (ctx) => seeOther(ctx, list) },
    { ...change, path: `${list}/:id/revoke`, body: plainForm, handle: revoke },
  ];
}
