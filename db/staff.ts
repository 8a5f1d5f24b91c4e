import { createHash, randomBytes } from 'node:crypto';
import type { Knex } from 'knex';
import { Staff } from './models.js';

const hashOf = (token: string) => createHash('sha256').update(token).digest();

/** Hours in which the first operator's link can be used. */
const linkLifetimeHours = 24;

/** Makes the token of a link with which somebody becomes staff of this role; ends earlier unused ones of the role. */
export async function createStaffLink(db: Knex, role: Staff['role']): Promise<string> {
  const token = randomBytes(32).toString('base64url');
  await db.transaction(async (trx) => {
    await trx('staff_links').where({ role, used_at: null }).delete();
    await trx('staff_links').insert({
      token_hash: hashOf(token),
      role,
      expires_at: trx.raw('now() + make_interval(hours => ?)', [linkLifetimeHours]),
    });
  });
  return token;
}

export const hasStaff = async (db: Knex): Promise<boolean> => (await Staff.query(db).first()) !== undefined;

/** Whether the link can still be used. */
export async function isStaffLink(db: Knex, token: string): Promise<boolean> {
  const link = await db('staff_links')
    .where({ token_hash: hashOf(token), used_at: null })
    .where('expires_at', '>', db.fn.now())
    .first();
  return link !== undefined;
}

/** Uses the link up and makes the staff account, both or neither; false when the link is not valid any more. */
export async function acceptStaffLink(
  db: Knex,
  token: string,
  account: { email: string; passwordHash: string },
): Promise<boolean> {
  return db.transaction(async (trx) => {
    const [link] = await trx('staff_links')
      .where({ token_hash: hashOf(token), used_at: null })
      .where('expires_at', '>', trx.fn.now())
      .update({ used_at: trx.fn.now() })
      .returning('role');
    if (!link) return false;
    await Staff.query(trx).insert({ email: account.email, password_hash: account.passwordHash, role: link.role });
    return true;
  });
}
