import { insertPasskey, removePasskey, renamePasskey } from '../../db/passkeys.js';
import { endSessions, endWithLastFactor, loadFactors } from '../../db/second-factors.js';
import { assertThat, RequestError } from '../errors.js';
import type { Context } from '../http.js';
import type { FactorChange, FactorChanger } from './change.js';
import type { ProofSetting } from './prove.js';
import { type Realm, sessionOf } from './realm.js';
import { readRegistration } from './webauthn.js';

/** More than anybody has, and few enough for a page and a browser's question. */
export const mostPasskeys = 10;

/** What people do with their passkeys. */
export function passkeyChanges({ services, publicUrl }: ProofSetting, realm: Realm, changer: FactorChanger) {
  const { settings } = realm;
  return {
    async add(ctx: Context, answer: string, name: string): Promise<FactorChange> {
      const passkey = await readRegistration(services, publicUrl, sessionOf(ctx, realm), answer);
      if (!passkey) throw new RequestError('passkeyFailed');
      const made = await changer.make(ctx, async (trx, session) => {
        const { totpSince, passkeys } = await loadFactors(trx, session.owner);
        assertThat(passkeys.length < mostPasskeys, 'conflict');
        assertThat(await insertPasskey(trx, session.owner, { ...passkey, name }), 'passkeyFailed');
        const hadFactor = totpSince !== null || passkeys.length > 0;
        const isFirst = await changer.added(trx, session, hadFactor);
        return { notice: 'passkey-added', values: { name }, isFirst };
      });
      return changer.goOn(ctx, made, 'passkeyAdded');
    },

    async rename(ctx: Context, id: string, name: string): Promise<FactorChange> {
      await changer.make(ctx, async (trx, { owner }) => {
        assertThat(await renamePasskey(trx, owner, id, name), 'notFound');
        return {};
      });
      return { path: settings, done: 'passkeyRenamed' };
    },

    async remove(ctx: Context, id: string): Promise<FactorChange> {
      await changer.make(ctx, async (trx, { owner, tokenHash }) => {
        const name = await removePasskey(trx, owner, id);
        // Sent twice: the first has taken it away.
        if (name === undefined) return {};
        if (await endWithLastFactor(trx, owner)) await endSessions(trx, owner, tokenHash);
        return { notice: 'passkey-removed', values: { name } };
      });
      return { path: settings, done: 'passkeyRemoved' };
    },
  };
}
