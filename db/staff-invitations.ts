import type { Knex } from 'knex';
import type { StaffRole } from './models.js';
import { insertNotice, withdrawNotices } from './notices.js';
import type { SecretKeys } from './secret-keys.js';
import { hashOfToken, makeStaffToken } from './staff.js';

/** Hours in which an invitation can be accepted (security.md D2). */
export const invitationLifetimeHours = 72;
const template = 'staff-invitation';

export interface ListedInvitation {
  email: string;
  role: StaffRole;
  language: string;
  invitedBy: string;
  invitedAt: Date;
  expiresAt: Date;
  /** Expired, or whoever sent it may not invite any more. */
  dead: boolean;
  /** How far its mail came. */
  mail: 'waiting' | 'sent' | 'refused' | 'failing';
}

/** Invitations that nobody has accepted yet, newest first. Nothing in it opens anything (security.md A9). */
export async function listInvitations(db: Knex): Promise<ListedInvitation[]> {
  const { rows } = await db.raw<{ rows: ListedInvitation[] }>(
    `
    select l.email, l.role, s.email as "invitedBy", l.created_at as "invitedAt", l.expires_at as "expiresAt",
        l.expires_at <= now() or s.role <> 'admin' or s.disabled_at is not null as dead,
        n.state as mail, n.language
      from staff_links l
      join staff s on s.id = l.created_by
      join lateral (
        select state, language from notices
          where template = :template and email = l.email order by created_at desc, id limit 1
      ) n on true
      where l.used_at is null
      order by l.created_at desc, l.email`,
    { template },
  );
  return rows;
}

export interface Invitation {
  /** Canonical. */
  email: string;
  role: StaffRole;
  /** Of the mail. */
  language: string;
  invitedBy: string;
  /** Host of the mail's Message-ID. */
  mailDomain: string;
}

/**
 * Makes a link for this address, ends earlier ones, and puts the mail that carries it into the outbox: the token leaves
 * here sealed, for nobody but the mailbox (security.md A9). Returns the mail's id; undefined when the address is staff.
 */
export async function inviteStaff(
  trx: Knex.Transaction,
  keys: SecretKeys,
  invitation: Invitation,
): Promise<string | undefined> {
  const { email, role, language, invitedBy, mailDomain } = invitation;
  // Of two invitations of one address at once, the later one counts.
  await trx.raw('select pg_advisory_xact_lock(hashtextextended(?, 0))', [`${template} ${email}`]);
  if (await trx('staff').where({ email }).first('id')) return undefined;
  await withdrawInvitation(trx, email);
  const token = makeStaffToken();
  await trx('staff_links').insert({
    token_hash: hashOfToken(token),
    role,
    email,
    created_by: invitedBy,
    expires_at: trx.raw('now() + make_interval(hours => ?)', [invitationLifetimeHours]),
  });
  return insertNotice(trx, keys, { template, email, language, mailDomain, token });
}

/** The open invitation of an address, kept from being accepted until the transaction ends. */
export async function lockInvitation(
  trx: Knex.Transaction,
  email: string,
): Promise<(Pick<ListedInvitation, 'role' | 'language'> & { noticeId: string }) | undefined> {
  const link = await trx('staff_links').where({ email, used_at: null }).forUpdate().first('role');
  if (!link) return undefined;
  const notice = await trx('notices').where({ template, email }).orderBy('created_at', 'desc').first('id', 'language');
  return { role: link.role, language: notice.language, noticeId: notice.id };
}

/** Ends the open invitation of an address; its mail, if not sent yet, stays unsent. */
export async function withdrawInvitation(trx: Knex.Transaction, email: string): Promise<void> {
  await trx('staff_links').where({ email, used_at: null }).delete();
  await withdrawNotices(trx, template, email);
}
