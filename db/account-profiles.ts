import type { Knex } from 'knex';
import type { Agreement } from './agreements.js';
import { User } from './models.js';

export interface Profile {
  user: User;
  consents: {
    document: Agreement['document'];
    version: number;
    acceptedAt: string;
    versionId: string;
    language: string;
  }[];
}

/** A user with organisation, user type and accepted agreements. */
export async function loadProfile(db: Knex, userId: string): Promise<Profile> {
  const user = await User.query(db).findById(userId).withGraphJoined('[customer, partner, userType]').throwIfNotFound();
  const rows = await db('consents')
    .join('agreement_versions as v', 'v.id', 'consents.agreement_version_id')
    .where({ user_id: userId })
    .orderBy(['v.document', 'v.version'])
    .select('v.document', 'v.version', 'v.id as versionId', 'consents.language', 'consents.accepted_at');
  const consents = rows.map(({ accepted_at, ...consent }) => ({ ...consent, acceptedAt: accepted_at.toISOString() }));
  return { user, consents };
}

/** What people change of themselves. */
export interface ProfileFields {
  givenName: string;
  familyName: string;
  phone?: string;
  language: string;
  timeZone: string;
}

/**
 * Saves a profile that was edited from `version`, or says that it was changed meanwhile; the same once more is done
 * already, so that a double click is no conflict.
 */
export async function saveProfile(
  db: Knex,
  userId: string,
  version: number,
  profile: ProfileFields,
): Promise<'saved' | 'stale'> {
  const { rowCount } = await db.raw(
    `
    update users set given_name = :givenName, family_name = :familyName, phone = :phone, language = :language,
        time_zone = :timeZone, profile_version = :version + 1
      where id = :userId and (profile_version = :version
        or (profile_version = :version + 1 and (given_name, family_name, language, time_zone)
          = (:givenName, :familyName, :language, :timeZone) and phone is not distinct from :phone))`,
    { ...profile, phone: profile.phone ?? null, userId, version },
  );
  return rowCount === 1 ? 'saved' : 'stale';
}
