import { randomBytes, randomUUID } from 'node:crypto';
import type { Knex } from 'knex';
import { activationLinkPurpose } from './registrations.js';
import { keyedHash, type SecretKeys } from './secret-keys.js';

export type MailTemplate = 'activation' | 'reminder' | 'continue' | 'account-exists';

export interface PreparedMail {
  email: string;
  language: string;
  reference: string;
  template: MailTemplate;
  messageId: string;
  /** Sent already, by an attempt that did not live to say so. */
  sent: boolean;
  /** Goes into the link; absent for `account-exists`. */
  token?: string;
  linkHours: number;
  expiresAt: Date;
  /** Of the kind `invited`: what the mail tells of the invitation. */
  invitation?: { organisation: string; invitedBy: string };
}

interface PreparedRow extends Omit<PreparedMail, 'token' | 'invitation'> {
  organisation: string | null;
  invitedBy: string | null;
  keyId: string | null;
  nonce: Buffer | null;
}

/**
 * Readies the mail number `sequence` of a registration; a repeated call gives the same link and Message-ID (security.md
 * O4), the link's lifetime counted from now; an invitation's ends with the invitation. Undefined when the registration, or
 * its invitation, has ended meanwhile.
 */
export async function prepareMail(
  db: Knex,
  keys: SecretKeys,
  mail: { registrationId: string; sequence: number; template: MailTemplate; mailDomain: string },
): Promise<PreparedMail | undefined> {
  const nonce = randomBytes(32);
  const { rows } = await db.raw<{ rows: PreparedRow[] }>(
    `
    with registration as (
      select r.*, exists (select from users u where u.email = r.email) as has_account,
          coalesce(c.name, p.name) as organisation, u.given_name || ' ' || u.family_name as "invitedBy",
          case when i.id is null then s.link_lifetime_seconds
            else greatest(extract(epoch from i.expires_at - now()), 1) end as link_seconds
        from settings s, registrations r
          left join invitations i on i.registration_id = r.id
          left join customers c on c.id = i.customer_id
          left join partners p on p.id = i.partner_id
          left join users u on u.id = i.invited_by
        where r.id = :registrationId and r.ended_at is null
          and (r.kind <> 'invited' or (i.ended_at is null and i.id is not null))
    ), taken_up as (
      update registrations set link_requested_at = null
        where id = :registrationId and exists (select from registration) and link_requested_at is not null
    ), link as (
      insert into activation_links (registration_id, sequence, key_id, nonce, token_hash, expires_at)
      select id, :sequence, :keyId, :nonce, :tokenHash, now() + make_interval(secs => link_seconds)
        from registration where not has_account
      on conflict (registration_id, sequence) do update set expires_at = excluded.expires_at
      returning key_id, nonce
    ), mail as (
      insert into mails (registration_id, sequence, template, message_id, state, attempts)
      select id, :sequence, case when has_account then 'account-exists' else :template end, :messageId, 'sending', 1
        from registration
      on conflict (registration_id, sequence) do update set attempts = mails.attempts + 1
      returning template, message_id, state
    )
    select r.email, r.language, r.reference, r.expires_at as "expiresAt", m.template, m.message_id as "messageId",
        m.state = 'sent' as sent, r.link_seconds / 3600.0 as "linkHours", l.key_id as "keyId", l.nonce,
        r.organisation, r."invitedBy"
      from registration r cross join mail m left join link l on true`,
    {
      ...mail,
      keyId: keys.active.id,
      nonce,
      tokenHash: keys.hash(activationLinkPurpose, makeToken(keys, keys.active.id, nonce)),
      messageId: `<${randomUUID()}@${mail.mailDomain}>`,
    },
  );
  const row = rows[0];
  if (!row) return undefined;
  const { keyId, nonce: storedNonce, organisation, invitedBy, ...prepared } = row;
  return {
    ...prepared,
    linkHours: Number(prepared.linkHours),
    ...(organisation ? { invitation: { organisation, invitedBy: invitedBy ?? '' } } : {}),
    ...(keyId && storedNonce ? { token: makeToken(keys, keyId, storedNonce) } : {}),
  };
}

/** 256 bits from a random nonce and a key that is not in the database: nothing stored reveals it. */
function makeToken(keys: SecretKeys, keyId: string, nonce: Buffer): string {
  const key = keys.get(keyId);
  if (!key) throw new Error(`the secret key ${keyId} of an open link is not configured any more`);
  return keyedHash(key, 'activation-token', nonce).toString('base64url');
}

/** Notes how the mail server took it; `reply` is its code, never its words. */
export async function recordDelivery(
  db: Knex,
  registrationId: string,
  sequence: number,
  delivery: { state: 'sent' | 'refused' | 'failing'; reply: string },
): Promise<void> {
  await db('mails')
    .where({ registration_id: registrationId, sequence })
    .whereNot({ state: 'sent' })
    .update({ ...delivery, ...(delivery.state === 'sent' ? { sent_at: db.fn.now() } : {}) });
}
