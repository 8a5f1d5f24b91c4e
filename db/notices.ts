import { randomUUID } from 'node:crypto';
import type { Knex } from 'knex';

/** The purpose under which the token of a notice's link is sealed. */
export const noticeTokenPurpose = 'notice-token';

export interface NewNotice {
  template: 'staff-invitation';
  /** Canonical. */
  email: string;
  language: string;
  /** Sealed for `noticeTokenPurpose`. */
  sealedToken: Buffer;
  /** Host of the Message-ID. */
  mailDomain: string;
}

/** Puts a mail that belongs to no registration into the outbox; returns its id, which its workflow is named for. */
export async function insertNotice(trx: Knex.Transaction, notice: NewNotice): Promise<string> {
  const { template, email, language, sealedToken, mailDomain } = notice;
  const [row] = await trx('notices')
    .insert({
      template,
      email,
      language,
      sealed_token: sealedToken,
      message_id: `<${randomUUID()}@${mailDomain}>`,
    })
    .returning('id');
  return row.id;
}

/** The link in it is dead: what is not sent yet shall not be sent any more. */
export async function withdrawNotices(trx: Knex.Transaction, template: string, email: string): Promise<void> {
  await trx('notices')
    .where({ template, email })
    .whereIn('state', ['waiting', 'failing'])
    .update({ state: 'refused', reply: 'withdrawn', sealed_token: null });
}

export interface Notice {
  id: string;
  template: string;
  email: string;
  language: string;
  /** Null once the mail was sent, refused or withdrawn. */
  sealed_token: Buffer | null;
  message_id: string;
}

export const loadNotice = (db: Knex, id: string): Promise<Notice | undefined> =>
  db('notices').where({ id }).first('id', 'template', 'email', 'language', 'sealed_token', 'message_id');

/**
 * Notes how the mail server took it; `reply` is its code, never its words. With the end of the sending the token is gone
 * from the database; of a notice that ended before, nothing changes.
 */
export async function recordNotice(
  db: Knex,
  id: string,
  { state, reply }: { state: 'sent' | 'refused' | 'failing'; reply: string },
): Promise<void> {
  await db('notices')
    .where({ id })
    .whereIn('state', ['waiting', 'failing'])
    .update({
      state,
      reply,
      attempts: db.raw('attempts + 1'),
      ...(state === 'failing' ? {} : { sealed_token: null }),
      ...(state === 'sent' ? { sent_at: db.fn.now() } : {}),
    });
}

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
