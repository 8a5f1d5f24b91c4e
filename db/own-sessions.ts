import type { Knex } from 'knex';
import { endSignIns } from './sign-in-records.js';

export interface OwnSession {
  id: string;
  /** As people would call it; null when nobody would know it. */
  browser: string | null;
  remembered: boolean;
  createdAt: Date;
  lastSeenAt: Date;
}

/** Which sessions are live, as SQL on rows of `sessions` with what it asks for. */
export interface LiveSessions {
  sql: string;
  bindings: Record<string, number>;
}

/** A user's live sessions, the one used last first (security.md S9). */
export async function listSessions(db: Knex, userId: string, { sql, bindings }: LiveSessions): Promise<OwnSession[]> {
  const { rows } = await db.raw<{ rows: OwnSession[] }>(
    `select id, browser, remembered, created_at as "createdAt", last_seen_at as "lastSeenAt" from sessions
      where user_id = :userId and ${sql} order by last_seen_at desc, id`,
    { ...bindings, userId },
  );
  return rows;
}

/** Ends one session of a user at once; false when it is not theirs, or not there any more. */
export const endSession = async (db: Knex, userId: string, id: string): Promise<boolean> =>
  (await db('sessions').where({ user_id: userId, id }).delete()) === 1;

/** Ends all sessions of a user but this one, and all sign-ins to applications: this browser makes its own anew by itself. */
export const endOtherSessions = (db: Knex, userId: string, ownId: string): Promise<number> =>
  db.transaction(async (trx): Promise<number> => {
    await endSignIns(trx, userId);
    return await trx('sessions').where({ user_id: userId }).whereNot({ id: ownId }).delete();
  });
