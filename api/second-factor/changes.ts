import type { Knex } from 'knex';
import { makeRecoveryCodes } from '../../db/recovery-codes.js';
import { endSessions, endWithLastFactor, loadFactors } from '../../db/second-factors.js';
import { confirmTotp, pendingTotp, removeTotp, startTotp } from '../../db/totp-secrets.js';
import { assertThat, RequestError } from '../errors.js';
import type { Context } from '../http.js';
import type { FactorChange, FactorChanger } from './change.js';
import { countTry, type ProofSetting } from './prove.js';
import { type FactorSession, type Realm, sessionOf } from './realm.js';
import { makeTotpSecret, totpStep } from './totp.js';

/** What people do with their authenticator app and their recovery codes. */
export function factorChanges({ services }: ProofSetting, realm: Realm, { make, added, goOn }: FactorChanger) {
  const { db, keys } = services;
  const { settings } = realm;
  return {
    async startTotp(ctx: Context): Promise<FactorChange> {
      await make(ctx, async (trx, { owner }) => {
        await startTotp(trx, keys, owner, makeTotpSecret());
        return {};
      });
      return { path: `${settings}/totp` };
    },

    async confirmTotp(ctx: Context, typed: string): Promise<FactorChange> {
      const session = sessionOf(ctx, realm);
      // A form that was sent twice: the first has put the secret in force.
      if (!(await pendingTotp(db, keys, session.owner))) return { path: `${settings}/recovery-codes` };
      await countTry(services, ctx, session, true);
      const made = await make(ctx, async (trx, { owner }) => {
        const pending = await pendingTotp(trx, keys, owner);
        const step = pending && totpStep(pending.secret, typed);
        if (!pending || step === undefined) throw new RequestError('secondFactorFailed');
        const hadFactor = await hasFactor(trx, session);
        assertThat(await confirmTotp(trx, owner, pending, step), 'conflict');
        return { notice: 'second-factor-on', isFirst: await added(trx, session, hadFactor) };
      });
      return goOn(ctx, made, 'totpOn');
    },

    async removeTotp(ctx: Context): Promise<FactorChange> {
      await make(ctx, async (trx, { owner, tokenHash }) => {
        if ((await removeTotp(trx, owner)) === 0) return {};
        if (await endWithLastFactor(trx, owner)) await endSessions(trx, owner, tokenHash);
        return { notice: 'second-factor-off' };
      });
      return { path: settings, done: 'totpOff' };
    },

    async makeCodes(ctx: Context): Promise<FactorChange> {
      await make(ctx, async (trx, session) => {
        assertThat(await hasFactor(trx, session), 'conflict');
        await makeRecoveryCodes(trx, keys, session.owner);
        return { notice: 'recovery-codes-made' };
      });
      return { path: `${settings}/recovery-codes`, done: 'codesMade' };
    },
  };
}

async function hasFactor(trx: Knex, { owner }: FactorSession): Promise<boolean> {
  const { totpSince, passkeys } = await loadFactors(trx, owner);
  return totpSince !== null || passkeys.length > 0;
}
