import { randomUUID } from 'node:crypto';
import type { Knex } from 'knex';

/** Mails without a link to the registration page. */
export type NoticeTemplate =
  | 'lookup-delayed'
  | 'approval-awaited'
  | 'account-ready'
  | 'account-exists'
  | 'declined'
  | 'ended';

export interface PreparedNotice {
  email: string;
  language: string;
  reference: string;
  messageId: string;
  /** Sent already, by an attempt that did not live to say so. */
  sent: boolean;
}

/** Readies a mail about a registration, open or ended; repeated, the same one. Undefined once the e-mail is erased. */
export async function prepareNotice(
  db: Knex,
  notice: { registrationId: string; sequence: number; template: NoticeTemplate; mailDomain: string },
): Promise<PreparedNotice | undefined> {
  const { rows } = await db.raw<{ rows: PreparedNotice[] }>(
    `
    with registration as (
      select id, email, language, reference from registrations where id = :registrationId and email is not null
    ), taken_up as (
      update registrations set link_requested_at = null
        where id = :registrationId and exists (select from registration) and link_requested_at is not null
    ), mail as (
      insert into mails (registration_id, sequence, template, message_id, state, attempts)
      select id, :sequence, :template, :messageId, 'sending', 1 from registration
      on conflict (registration_id, sequence) do update set attempts = mails.attempts + 1
      returning message_id, state
    )
    select r.email, r.language, r.reference, m.message_id as "messageId", m.state = 'sent' as sent
      from registration r cross join mail m`,
    { ...notice, messageId: `<${randomUUID()}@${notice.mailDomain}>` },
  );
  return rows[0];
}
