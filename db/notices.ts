import { randomUUID } from 'node:crypto';
import type { Knex } from 'knex';
import type { SecretKeys } from './secret-keys.js';

/** Purposes under which what a notice carries is sealed. */
const tokenPurpose = 'notice-token';
const valuesPurpose = 'notice-values';

/** Mails that belong to no registration. */
export type NoticeTemplate =
  | 'staff-invitation'
  | 'invitation-held'
  | 'join-request'
  | 'join-request-reminder'
  | 'join-declined'
  | 'join-unanswered'
  | 'password-reset'
  | 'password-reset-unknown'
  | 'password-changed'
  | 'user-type-changed'
  | 'user-disabled'
  | 'user-enabled'
  | 'user-removed'
  | 'email-change'
  | 'email-change-taken'
  | 'email-change-asked'
  | 'email-changed'
  | 'account-deleted'
  | 'second-factor-on'
  | 'second-factor-off'
  | 'second-factor-reset'
  | 'recovery-codes-made'
  | 'recovery-code-used'
  | 'passkey-added'
  | 'passkey-removed';

/** To people who have been erased: the mail goes out, and its row with it. */
const farewells: NoticeTemplate[] = ['user-removed', 'account-deleted'];

export interface NewNotice {
  template: NoticeTemplate;
  /** Canonical. */
  email: string;
  language: string;
  /** Goes into the mail's link, and nowhere else (security.md A9). */
  token?: string;
  /** What the mail tells besides: names, never secrets. */
  values?: Record<string, string>;
  /** Host of the Message-ID. */
  mailDomain: string;
}

/** Puts a mail that belongs to no registration into the outbox; returns its id, which its workflow is named for. */
export async function insertNotice(trx: Knex, keys: SecretKeys, notice: NewNotice): Promise<string> {
  const { template, email, language, token, values, mailDomain } = notice;
  const [row] = await trx('notices')
    .insert({
      template,
      email,
      language,
      sealed_token: token ? keys.seal(tokenPurpose, token) : null,
      sealed_values: values ? keys.seal(valuesPurpose, JSON.stringify(values)) : null,
      message_id: `<${randomUUID()}@${mailDomain}>`,
    })
    .returning('id');
  return row.id;
}

/** The link in it is dead: what is not sent yet shall not be sent any more. */
export async function withdrawNotices(trx: Knex.Transaction, template: NoticeTemplate, email: string): Promise<void> {
  await trx('notices').where({ template, email }).whereIn('state', unsent).update({
    state: 'refused',
    reply: 'withdrawn',
    sealed_token: null,
    sealed_values: null,
  });
}

const unsent = ['waiting', 'failing'];

export interface Notice {
  template: NoticeTemplate;
  email: string;
  language: string;
  messageId: string;
  token?: string;
  values: Record<string, string>;
}

/** A notice that is to be mailed; undefined once it was sent, refused or withdrawn. */
export async function loadNotice(db: Knex, keys: SecretKeys, id: string): Promise<Notice | undefined> {
  const row = await db('notices').where({ id }).whereIn('state', unsent).first();
  if (!row) return undefined;
  const { template, email, language, message_id: messageId, sealed_token, sealed_values } = row;
  return {
    template,
    email,
    language,
    messageId,
    ...(sealed_token ? { token: keys.unseal(tokenPurpose, sealed_token) } : {}),
    values: sealed_values ? JSON.parse(keys.unseal(valuesPurpose, sealed_values)) : {},
  };
}

/**
 * Notes how the mail server took it; `reply` is its code, never its words. With the end of the sending what it carried is
 * gone from the database; of a notice that ended before, nothing changes.
 */
export async function recordNotice(
  db: Knex,
  id: string,
  { state, reply }: { state: 'sent' | 'refused' | 'failing'; reply: string },
): Promise<void> {
  if (state !== 'failing') await db('notices').where({ id }).whereIn('template', farewells).delete();
  await db('notices')
    .where({ id })
    .whereIn('state', unsent)
    .update({
      state,
      reply,
      attempts: db.raw('attempts + 1'),
      ...(state === 'failing' ? {} : { sealed_token: null, sealed_values: null }),
      ...(state === 'sent' ? { sent_at: db.fn.now() } : {}),
    });
}

/** Erases the addresses of last mails that could not be delivered in this time. Returns how many, at most `limit`. */
export const eraseFarewells = (db: Knex, olderThanSeconds: number, limit: number): Promise<number> =>
  db('notices')
    .whereIn(
      'id',
      db('notices')
        // Written out: by bindings, PostgreSQL could not know that the index of these is meant.
        .whereRaw(`template in (${farewells.map((template) => `'${template}'`).join(', ')})`)
        .whereRaw('created_at < now() - make_interval(secs => ?)', [olderThanSeconds])
        .limit(limit)
        .select('id'),
    )
    .delete();

/** Notices that nobody has mailed this long after they were written: Temporal may have been away. */
export async function waitingNotices(db: Knex, olderThanSeconds: number, limit: number): Promise<string[]> {
  const rows = await db('notices')
    .where({ state: 'waiting' })
    .whereRaw('created_at < now() - make_interval(secs => ?)', [olderThanSeconds])
    .orderBy('created_at')
    .limit(limit)
    .select('id');
  return rows.map(({ id }) => id);
}
