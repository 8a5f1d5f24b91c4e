import type { Knex } from 'knex';
import { User } from './models.js';

/**
 * Everything this service keeps about a person, for themselves: neither hashes nor secrets, and nothing about anybody
 * else. A new table with something personal has its place here, as in `eraseUser`.
 */
export async function exportAccount(db: Knex, userId: string) {
  const user = await User.query(db).findById(userId).withGraphJoined('[customer, partner, userType]').throwIfNotFound();
  const [consents, sessions, registration, changes, emailChange] = await Promise.all([
    consentsOf(db, userId),
    db('sessions').where({ user_id: userId }).orderBy('created_at').select('created_at', 'last_seen_at'),
    registrationOf(db, user.registration_id),
    db('audit_log').where({ user_id: userId }).orderBy('id').select('at', 'action'),
    db('email_changes').where({ user_id: userId }).first('new_email', 'created_at'),
  ]);
  const organisation = (user.customer ?? user.partner)!;
  return {
    account: {
      id: user.id,
      email: user.email,
      requestedEmail: emailChange?.new_email ?? null,
      givenName: user.given_name,
      familyName: user.family_name,
      phone: user.phone,
      language: user.language,
      timeZone: user.time_zone,
      userType: user.userType.name,
      permissions: user.userType.permissions,
      createdAt: (user as User & { created_at: Date }).created_at,
    },
    organisation: {
      kind: user.customer ? 'customer' : 'partner',
      id: organisation.id,
      name: organisation.name,
      street: organisation.street,
      postalCode: organisation.postal_code,
      city: organisation.city,
      country: organisation.country,
      vatNumber: organisation.vat_number,
    },
    consents,
    sessions: sessions.map(({ created_at, last_seen_at }) => ({ createdAt: created_at, lastSeenAt: last_seen_at })),
    registration,
    /** What the person changed as an administrator; of whom is not theirs to carry away. */
    administration: changes as { at: Date; action: string }[],
  };
}

/** With the words that were accepted: the file speaks for itself. */
async function consentsOf(db: Knex, userId: string) {
  const { rows } = await db.raw<{
    rows: {
      document: string;
      version: number;
      versionId: string;
      language: string;
      acceptedAt: Date;
      title: string;
      text: string;
    }[];
  }>(
    `
    select v.document, v.version, v.id as "versionId", c.language, c.accepted_at as "acceptedAt", t.title, t.body as text
      from consents c join agreement_versions v on v.id = c.agreement_version_id
        join agreement_texts t on t.agreement_version_id = v.id and t.language = c.language
      where c.user_id = :userId order by c.accepted_at, v.document desc`,
    { userId },
  );
  return rows;
}

async function registrationOf(db: Knex, id: string | null) {
  const registration = id && (await db('registrations').where({ id }).first('reference', 'kind', 'language'));
  if (!registration) return null;
  const steps = await db('registration_events')
    .where({ registration_id: id })
    .orderBy('sequence')
    .select('at', 'event', 'to_state as state');
  const mails = await db('mails')
    .where({ registration_id: id })
    .orderBy('sequence')
    .select('template', 'state', 'sent_at as sentAt');
  return { ...registration, timeline: steps, mails } as {
    reference: string;
    kind: string;
    language: string;
    timeline: { at: Date; event: string; state: string }[];
    mails: { template: string; state: string; sentAt: Date | null }[];
  };
}
