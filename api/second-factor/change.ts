import type { Knex } from 'knex';
import { makeRecoveryCodes } from '../../db/recovery-codes.js';
import { endSessions, lockFactors } from '../../db/second-factors.js';
import { endSignInsHeld } from '../../db/sign-in-records.js';
import type { Context } from '../http.js';
import { handNotice } from '../outbox.js';
import { noteSecondFactor } from '../sessions.js';
import { type FactorNotice, tellOwner } from './notices.js';
import { openSession, type ProofSetting } from './prove.js';
import { type FactorSession, type Realm, sessionOf } from './realm.js';

/** Where a change leads, and what that page then says was done (`secondFactor.done.<key>`). */
export interface FactorChange {
  path: string;
  done?: string;
}

/** What the change of a factor left to be told and done. */
interface Made {
  notice?: FactorNotice;
  values?: Record<string, string>;
  /** The first factor of an account: recovery codes were made, and other sessions ended. */
  isFirst?: boolean;
}

/**
 * What every change of somebody's own second factor shares. Each says so by mail, for a stranger at an open screen could
 * have done it; and each ends what applications hold, which was handed out on the strength of what was there before.
 */
export function factorChanger(setting: ProofSetting, realm: Realm) {
  const { services, publicUrl } = setting;
  const { db, keys } = services;
  const { settings } = realm;
  const mailDomain = new URL(publicUrl).hostname;

  /** Makes a change with its mail, one at a time for each owner. */
  async function make(ctx: Context, work: (trx: Knex.Transaction, session: FactorSession) => Promise<Made>) {
    const session = sessionOf(ctx, realm);
    const { owner, email } = session;
    const { noticeId, made } = await db.transaction(async (trx) => {
      await lockFactors(trx, owner);
      const made = await work(trx, session);
      const told = { email, language: ctx.state.language, mailDomain };
      if (made.notice && 'userId' in owner) await endSignInsHeld(trx, owner.userId);
      const noticeId = made.notice && (await tellOwner(trx, keys, made.notice, told, made.values));
      return { noticeId, made };
    });
    if (noticeId) await handNotice(services, noticeId);
    return made;
  }

  /** A factor was added: with the first one, recovery codes come along, and who is logged in elsewhere logs in anew. */
  async function added(
    trx: Knex.Transaction,
    { owner, tokenHash }: FactorSession,
    hadFactor: boolean,
  ): Promise<boolean> {
    if (hadFactor) return false;
    await makeRecoveryCodes(trx, keys, owner);
    await endSessions(trx, owner, tokenHash);
    return true;
  }

  /** What was set up was proven with it; a session that was shut until then goes on under a new token (S2). */
  async function goOn(ctx: Context, { isFirst }: Made, done: string): Promise<FactorChange> {
    if (!isFirst) return { path: settings, done };
    const session = sessionOf(ctx, realm);
    if (session.pending.length > 0) await openSession(setting, ctx, realm, session);
    else await noteSecondFactor(db, realm.table, session.tokenHash);
    return { path: `${settings}/recovery-codes`, done };
  }

  return { make, added, goOn };
}
export type FactorChanger = ReturnType<typeof factorChanger>;
