import type { Knex } from 'knex';

export interface ErasedUser {
  email: string;
  language: string;
  /** By which the account was made, if by any. */
  registrationId: string | null;
}

/**
 * Erases a person: the one place for it, whoever asks (security.md R2, R4). Sessions and everything else that stands
 * under the user's row go with it by their foreign keys; what is keyed by the address is deleted here. What stays leads to
 * nobody: which versions were accepted, and that a registration became an account.
 *
 * A new table with something personal either references `users` with `on delete cascade` or is emptied here. Whether the
 * organisation can do without the person is for the caller to settle, in the same transaction. Undefined for nobody.
 */
export async function eraseUser(trx: Knex.Transaction, userId: string): Promise<ErasedUser | undefined> {
  const user = await trx('users').where({ id: userId }).forUpdate().first();
  if (!user) return undefined;
  const { email, language, registration_id, partner_code_id } = user;
  await trx('erased_accounts').insert({ id: userId, registration_id, partner_code_id });
  await trx.raw(
    `insert into erased_consents (account_id, agreement_version_id, language, accepted_at)
      select user_id, agreement_version_id, language, accepted_at from consents where user_id = ?`,
    [userId],
  );
  const requested: string[] = await trx('email_changes').where({ user_id: userId }).pluck('new_email');
  await trx('users').where({ id: userId }).delete();
  await eraseRegistrations(trx, email, registration_id);
  await trx('invitations').where({ email }).whereNotNull('ended_at').update({ email: null });
  // An invitation to the Console is about another account, of which this service's users know nothing.
  await trx('notices')
    .whereIn('email', [email, ...requested])
    .whereNot({ template: 'staff-invitation' })
    .delete();
  return { email, language, registrationId: registration_id };
}

/** What ended registrations still hold, at once instead of some hours later; an open one of the address is a new start. */
async function eraseRegistrations(trx: Knex.Transaction, email: string, ownId: string | null): Promise<void> {
  const ids: string[] = await trx('registrations')
    .where((of) => of.where({ email }).orWhere({ id: ownId }))
    .where({ erased_at: null })
    .whereNotNull('ended_at')
    .pluck('id');
  await eraseFromRegistrations(trx, ids);
}

/** Everything personal that these registrations, which have ended, still hold. */
export async function eraseFromRegistrations(trx: Knex.Transaction, ids: string[]): Promise<void> {
  await trx('activation_links').whereIn('registration_id', ids).delete();
  await trx('join_requests').whereIn('registration_id', ids).update({ name: null });
  await trx('registrations')
    .whereIn('id', ids)
    .update({ email: null, draft: null, draft_code: null, erased_at: trx.fn.now() });
}
