/** Where the host platform is told of events: endpoints, their secrets, and whether they still take anything. */
import { randomBytes } from 'node:crypto';
import type { Knex } from 'knex';
import type { SecretKeys } from './secret-keys.js';

/** What triggers write (migration 014), and what staff send to try an endpoint; names are kept, for receivers know them. */
export const eventTypes = [
  'registration.started',
  'registration.verified',
  'registration.completed',
  'registration.expired',
  'registration.cancelled',
  'registration.lookupParked',
  'user.created',
  'user.changed',
  'user.disabled',
  'user.enabled',
  'user.deleted',
] as const;
export const pingType = 'webhook.ping';

/** As the Standard Webhooks have it: the prefix, and 24 to 64 random bytes in base64. */
const secretPrefix = 'whsec_';
const secretBytes = 32;
const purpose = 'webhook-secret';
/** For as long as an old secret signs as well: receivers learn the new one meanwhile. */
const overlap = "interval '24 hours'";
/** The form that is sent twice shows the secret both times; later nobody sees it. */
const displayed = "interval '10 minutes'";

export interface WebhookEndpoint {
  id: string;
  name: string;
  url: string;
  event_types: string[];
  sealed_secret: Buffer;
  secret_at: Date;
  secret_by: string;
  sealed_old_secret: Buffer | null;
  old_secret_until: Date | null;
  failing_since: Date | null;
  disabled_at: Date | null;
  /** `gone`: it answered 410. `failing`: nothing went through for days. */
  disabled_reason: 'staff' | 'gone' | 'failing' | null;
  /** Counts changes by staff; an edit names the one it was made from (security.md C19). */
  version: number;
  created_at: Date;
}

export type WebhookValues = Pick<WebhookEndpoint, 'name' | 'url' | 'event_types'>;

const makeSecret = () => secretPrefix + randomBytes(secretBytes).toString('base64');

export const listWebhooks = (db: Knex): Promise<WebhookEndpoint[]> =>
  db('webhook_endpoints').orderByRaw('disabled_at is not null, name, id') as unknown as Promise<WebhookEndpoint[]>;

export const findWebhook = (db: Knex, id: string): Promise<WebhookEndpoint | undefined> =>
  db('webhook_endpoints').where({ id }).first();

/** Makes an endpoint with a secret of its own; false if the id is taken, which the first of two clicks has done. */
export async function createWebhook(
  trx: Knex,
  keys: SecretKeys,
  { id, staffId, values }: { id: string; staffId: string; values: WebhookValues },
): Promise<boolean> {
  const rows = await trx('webhook_endpoints')
    .insert({ id, ...values, sealed_secret: keys.seal(purpose, makeSecret()), secret_by: staffId })
    .onConflict('id')
    .ignore()
    .returning('id');
  return rows.length > 0;
}

/** Changes an endpoint if it is still of this version; false if somebody else was quicker. */
export async function changeWebhook(trx: Knex, id: string, version: number, values: WebhookValues): Promise<boolean> {
  const changed = await trx('webhook_endpoints')
    .where({ id, version })
    .update({ ...values, version: trx.raw('version + 1') });
  return changed === 1;
}

/**
 * Makes a new secret if the endpoint is still of this version; the one before signs as well for a day. One that is older
 * still ends: whoever rotates twice has a reason.
 */
export async function rotateSecret(
  trx: Knex,
  keys: SecretKeys,
  { id, version, staffId }: { id: string; version: number; staffId: string },
): Promise<boolean> {
  const changed = await trx('webhook_endpoints')
    .where({ id, version })
    .update({
      sealed_old_secret: trx.ref('sealed_secret'),
      old_secret_until: trx.raw(`now() + ${overlap}`),
      sealed_secret: keys.seal(purpose, makeSecret()),
      secret_at: trx.fn.now(),
      secret_by: staffId,
      version: trx.raw('version + 1'),
    });
  return changed === 1;
}

/** The secret, for the member of staff who made it just now, and for nobody else. */
export async function displayedSecret(
  db: Knex,
  keys: SecretKeys,
  { id, staffId }: { id: string; staffId: string },
): Promise<string | undefined> {
  const row = await db('webhook_endpoints')
    .where({ id, secret_by: staffId })
    .whereRaw(`secret_at > now() - ${displayed}`)
    .first('sealed_secret');
  return row && keys.unseal(purpose, row.sealed_secret);
}

/** Those that sign now, the newest first. */
export const signingSecrets = (
  endpoint: Pick<WebhookEndpoint, 'sealed_secret' | 'sealed_old_secret' | 'old_secret_until'>,
  keys: SecretKeys,
): string[] => {
  const { sealed_secret, sealed_old_secret, old_secret_until } = endpoint;
  const old =
    sealed_old_secret && old_secret_until && old_secret_until.getTime() > Date.now() ? [sealed_old_secret] : [];
  return [sealed_secret, ...old].map((sealed) => keys.unseal(purpose, sealed));
};

/** Sends nothing more to it, until it is enabled; false if it is disabled already. */
export async function disableWebhook(
  db: Knex,
  id: string,
  reason: NonNullable<WebhookEndpoint['disabled_reason']>,
): Promise<boolean> {
  const changed = await db('webhook_endpoints')
    .where({ id, disabled_at: null })
    .update({ disabled_at: db.fn.now(), disabled_reason: reason, version: db.raw('version + 1') });
  return changed === 1;
}

export async function enableWebhook(trx: Knex, id: string): Promise<boolean> {
  const changed = await trx('webhook_endpoints')
    .where({ id })
    .whereNotNull('disabled_at')
    .update({ disabled_at: null, disabled_reason: null, failing_since: null, version: trx.raw('version + 1') });
  return changed === 1;
}

/** With all that is known of its deliveries; only while it is disabled, so that nothing is lost by a slip. */
export const deleteWebhook = async (trx: Knex, id: string): Promise<boolean> =>
  (await trx('webhook_endpoints').where({ id }).whereNotNull('disabled_at').delete()) === 1;

/** Old secrets that sign nothing any more. */
export async function eraseOldSecrets(db: Knex): Promise<void> {
  await db('webhook_endpoints')
    .whereRaw('old_secret_until <= now()')
    .update({ sealed_old_secret: null, old_secret_until: null });
}
