/**
 * What a restored backup would bring back to life, and what is done about it before anybody is let in again (security.md
 * R5, R6): what was used up, revoked or erased since the backup, nobody knows any more, so all that could be used is ended.
 */
import type { Knex } from 'knex';
import { recordAudit } from './audit.js';
import { eraseFromRegistrations, eraseUser } from './erase-user.js';
import { customerAccountAdministrator } from './permissions.js';
import { endWithoutWorkflow } from './registrations.js';

/** Each ends what it ends once: repeated, it finds nothing. A new table with something that opens has its place here. */
const endings = {
  sessions: [
    'delete from sign_in_records',
    'delete from sessions',
    'delete from staff_sessions',
    'delete from webauthn_challenges',
  ],
  // Deleted, not run out: a mail that is tried again after all gets a new link instead of an old one's lifetime.
  links: [
    'delete from activation_links l using registrations r where r.id = l.registration_id and r.ended_at is null',
    'delete from password_resets',
    'delete from email_changes',
    'delete from staff_links where used_at is null',
  ],
  // Run out, so that their administrators see them and can send them again.
  invitations: ['update invitations set expires_at = now() where ended_at is null and expires_at > now()'],
  joinRequests: ["update join_requests set outcome = 'unanswered', ended_at = now() where ended_at is null"],
  // They may have gone out since.
  mails: [
    `update notices set state = 'refused', reply = 'withdrawn', sealed_token = null, sealed_values = null
      where state in ('waiting', 'failing')`,
    'update registrations set link_requested_at = null where ended_at is null and link_requested_at is not null',
  ],
  partnerCodes: [
    `update partner_codes set revoked_at = now()
      where revoked_at is null and uses < max_uses and (expires_at is null or expires_at > now())`,
  ],
  apiKeys: [
    `update api_keys set revoked_at = now(), sealed_key = null
      where revoked_at is null and (expires_at is null or expires_at > now())`,
  ],
  recoveryCodes: ['update recovery_codes set used_at = now(), sealed_code = null where used_at is null'],
  retries: ['update batches set finished_at = now() where finished_at is null'],
  // Their workflows may be through, or gone; under a new id the engine takes them up. Receivers know that one can come twice.
  webhookDeliveries: [
    `update webhook_deliveries set id = gen_random_uuid(), state = 'waiting', handed_at = null, next_attempt_at = null
      where state in ('waiting', 'retrying') and (state = 'retrying' or handed_at is not null)`,
  ],
} as const;

export type Ending = keyof typeof endings;

export interface Settled {
  counts: Record<Ending | 'registrations' | 'erasedAccounts' | 'erasedRegistrations', number>;
  /** References of the registrations that were ended. */
  ended: string[];
  /** Ids of customers whose last administrator was erased anew while other users are there. */
  withoutAdministrator: string[];
}

/**
 * Ends all of it, ends these registrations and those of invited people, and erases again whom the list names, by the ids
 * of accounts or of the registrations that became one. Everything or nothing in the caller's transaction; may be repeated.
 */
export async function settleRestored(
  trx: Knex.Transaction,
  { references, erased }: { references: string[]; erased: string[] },
): Promise<Settled> {
  const counts: Record<string, number> = {};
  for (const [name, statements] of Object.entries(endings)) {
    counts[name] = 0;
    for (const sql of statements) counts[name] += (await trx.raw(sql)).rowCount;
  }
  // An invitation may have been revoked since; whoever asks for a link must not come in by it.
  const others: string[] = await trx('registrations')
    .whereNull('ended_at')
    .where((of) => of.where({ kind: 'invited' }).orWhereRaw('id = any (?)', [erased]))
    .pluck('reference');
  const ended = await endWithoutWorkflow(trx, [...new Set([...references, ...others])]);
  const { accounts, withoutAdministrator } = await eraseAgain(trx, erased);
  const registrations: string[] = await trx('registrations')
    .whereRaw('id = any (?)', [erased])
    .where({ erased_at: null })
    .pluck('id');
  await eraseFromRegistrations(trx, registrations);
  Object.assign(counts, { registrations: ended.length, erasedAccounts: accounts });
  counts.erasedRegistrations = registrations.length;
  const settled = { counts, ended, withoutAdministrator } as Settled;
  await audit(trx, settled.counts);
  return settled;
}

/**
 * An erasure is honoured whatever it does to the organisation, which may have had other users when it was asked for: a
 * customer without users goes, as it did then; one without an administrator is for staff to look after.
 */
async function eraseAgain(trx: Knex.Transaction, ids: string[]) {
  const users: { id: string; customer_id: string | null }[] = await trx('users')
    .whereRaw('id = any (?)', [ids])
    .select('id', 'customer_id');
  for (const { id } of users) await eraseUser(trx, id);
  const customers = users.flatMap(({ customer_id }) => customer_id ?? []);
  await trx.raw(
    'delete from customers c where id = any (?) and not exists (select from users where customer_id = c.id)',
    [customers],
  );
  const { rows } = await trx.raw<{ rows: { id: string }[] }>(
    `
    select c.id from customers c where c.id = any (:customers) and not exists (
      select from users u join user_types t on t.id = u.user_type_id
        where u.customer_id = c.id and u.disabled_at is null and :permission = any (t.permissions))`,
    { customers, permission: customerAccountAdministrator },
  );
  return { accounts: users.length, withoutAdministrator: rows.map(({ id }) => id) };
}

async function audit(trx: Knex.Transaction, counts: Settled['counts']): Promise<void> {
  const { rows } = await trx.raw('select current_database() as name');
  await recordAudit(trx, {
    onServer: true,
    source: 'after-restore',
    action: 'database.restored',
    subjectType: 'database',
    subject: rows[0].name,
    after: counts,
  });
}

/** Names of our own processes that still work with the database. */
export async function connectedParts(db: Knex): Promise<string[]> {
  const { rows } = await db.raw<{ rows: { application_name: string }[] }>(
    `select distinct application_name from pg_stat_activity
      where datname = current_database() and application_name in ('vestibule-api', 'vestibule-worker') order by 1`,
  );
  return rows.map(({ application_name }) => application_name);
}

/** A registration as its row tells it. */
export interface RecordedRegistration {
  reference: string;
  state: string;
  /** Epoch milliseconds; by the workflow's clock, or, of a step that an effect recorded, by the database's. */
  lastStepAt: number;
}

/** All that are open, and of these references those that are not, too. */
export async function recordedRegistrations(db: Knex, references: string[]): Promise<RecordedRegistration[]> {
  const { rows } = await db.raw<{ rows: RecordedRegistration[] }>(
    `
    select r.reference, r.state, coalesce(
        (select extract(epoch from max(at)) * 1000 from registration_events where registration_id = r.id), 0
      )::float8 as "lastStepAt"
      from registrations r where r.ended_at is null or r.reference = any (:references)`,
    { references },
  );
  return rows;
}
