import type { Knex } from 'knex';
import { exportDealings } from './export-dealings.js';
import { User } from './models.js';
import { loadFactors } from './second-factors.js';

/**
 * Everything this service keeps about a person, for themselves: neither hashes nor secrets, and nothing about anybody
 * else. A new table with something personal has its place here, as in `eraseUser`.
 */
export async function exportAccount(db: Knex, userId: string) {
  const user = await User.query(db).findById(userId).withGraphJoined('[customer, partner, userType]').throwIfNotFound();
  const [consents, access, registration, dealings] = await Promise.all([
    consentsOf(db, userId),
    accessOf(db, userId),
    registrationOf(db, user.registration_id),
    exportDealings(db, user),
  ]);
  const organisation = (user.customer ?? user.partner)!;
  return {
    account: {
      id: user.id,
      email: user.email,
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
    ...access,
    registration,
    ...dealings,
  };
}

/** By what the person comes in, and what is under way to change that. */
async function accessOf(db: Knex, userId: string) {
  const [sessions, activity, { totpSince, passkeys, codesLeft }, signIns, emailChange, resets] = await Promise.all([
    db('sessions')
      .where({ user_id: userId })
      .orderBy('created_at')
      .select('created_at as createdAt', 'last_seen_at as lastSeenAt', 'browser', 'remembered')
      .select('second_factor_at as secondFactorAt'),
    db('user_activity').where({ user_id: userId }).first('last_seen_at'),
    loadFactors(db, { userId }),
    signInsOf(db, userId),
    db('email_changes')
      .where({ user_id: userId })
      .first('new_email as newEmail', 'created_at as askedAt', 'expires_at as expiresAt'),
    db('password_resets')
      .where({ user_id: userId })
      .orderBy('created_at')
      .select('created_at as askedAt', 'expires_at as expiresAt'),
  ]);
  return {
    lastSeenAt: activity?.last_seen_at ?? null,
    sessions,
    secondFactor: {
      authenticatorAppSince: totpSince,
      passkeys: passkeys.map(({ name, createdAt, lastUsedAt }) => ({ name, addedAt: createdAt, lastUsedAt })),
      recoveryCodesLeft: codesLeft,
    },
    signIns,
    emailChange: emailChange ?? null,
    passwordResets: resets,
  };
}

/** At which applications the person is signed in, since when. */
async function signInsOf(db: Knex, userId: string) {
  const { rows } = await db.raw<{ rows: { application: string; since: Date; until: Date }[] }>(
    `
    select a.name as application, min(r.created_at) as since, max(r.expires_at) as until
      from sign_in_records r join applications a on a.id = r.application_id
      where r.user_id = :userId and r.model = 'Grant' and r.expires_at > now() group by a.id order by 2`,
    { userId },
  );
  return rows;
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
