import type { Knex } from 'knex';
import { User } from './models.js';

export interface Profile {
  user: User;
  consents: {
    document: 'terms' | 'privacy';
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
