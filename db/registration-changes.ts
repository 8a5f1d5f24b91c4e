/** What staff change of a registration besides sending it events. */
import type { Knex } from 'knex';
import { UniqueViolationError } from 'objection';
import { type AuditEntry, recordAudit } from './audit.js';
import { Registration } from './models.js';

/**
 * Gives an open registration another address, as if it started anew with it: nothing that the old mailbox's reader got,
 * typed or submitted counts for the new one. Notes that a link is promised, for the reconciler to keep it if we die
 * here. Only in one of these states, in which nothing is being made of the old address, and only if it is another one.
 * Returns whether it was done.
 */
export async function changeEmail(
  trx: Knex.Transaction,
  registrationId: string,
  email: string,
  states: string[],
): Promise<boolean> {
  const changed = await Registration.query(trx)
    .findById(registrationId)
    .whereNull('ended_at')
    .whereIn('state', states)
    .whereNot({ email })
    .patch({
      email,
      draft: null,
      draft_code: null,
      draft_saved_at: null,
      proven_at: null,
      link_requested_at: trx.fn.now(),
    } as never);
  if (changed === 0) return false;
  await trx('activation_links').where({ registration_id: registrationId }).delete();
  // One that is just now on its way must not become an account of a mailbox that nobody has proven.
  await trx('registration_submissions').where({ registration_id: registrationId }).delete();
  return true;
}

export const hasEmail = async (db: Knex, registrationId: string, email: string): Promise<boolean> =>
  (await db('registrations').where({ id: registrationId, email }).first('id')) !== undefined;

/** Whether the error says that another open registration has the address. */
export const isEmailTaken = (error: unknown): boolean =>
  error instanceof UniqueViolationError && (error as { constraint?: string }).constraint === 'registrations_open_email';

/** Ends every link of a registration now; returns how many still worked. */
export const revokeLinks = async (trx: Knex, registrationId: string): Promise<number> =>
  trx('activation_links')
    .where({ registration_id: registrationId })
    .where('expires_at', '>', trx.fn.now())
    .update({ expires_at: trx.fn.now() });

/** Notes that the lifetime counts from now. */
export async function extendLifetime(trx: Knex, registrationId: string, seconds: number): Promise<void> {
  await trx('registrations')
    .where({ id: registrationId })
    .whereNull('ended_at')
    .update({ expires_at: trx.raw('now() + make_interval(secs => ?)', [seconds]) });
}

/** Writes an audit line unless the same is written already: a double click is one action. For `after` with its key. */
export async function recordAuditOnce(trx: Knex.Transaction, entry: AuditEntry & { after: { key: string } }) {
  const { action, subjectType, subject, after } = entry;
  // The two clicks may arrive at once.
  await trx.raw('select pg_advisory_xact_lock(hashtextextended(?, 0))', [`${subject} ${action} ${after.key}`]);
  if (!(await isRecorded(trx, { action, subjectType, subject, after }))) await recordAudit(trx, entry);
}

export const isRecorded = async (
  db: Knex,
  { action, subjectType, subject, after }: Pick<AuditEntry, 'action' | 'subjectType' | 'subject' | 'after'>,
): Promise<boolean> =>
  (await db('audit_log')
    .where({ action, subject_type: subjectType, subject })
    .whereRaw('after @> ?::jsonb', [JSON.stringify(after)])
    .first('id')) !== undefined;
