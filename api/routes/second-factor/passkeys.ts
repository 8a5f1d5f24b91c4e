import { z } from 'zod';
import { assertThat } from '../../errors.js';
import { bodyOf, type Context, type Route } from '../../http.js';
import { translator } from '../../i18n.js';
import type { FactorChange, FactorChanger } from '../../second-factor/change.js';
import { passkeyChanges } from '../../second-factor/passkey-changes.js';
import { type Realm, sessionOf } from '../../second-factor/realm.js';
import { offerRegistration } from '../../second-factor/webauthn.js';
import { line, pathId } from '../console/typed-text.js';
import type { Wiring } from '../wiring.js';

/** Characters. */
const longestName = 60;
const plainForm = z.strictObject({ formToken: z.string().optional() });
const newForm = plainForm.extend({ passkey: z.string().max(40_000), passkeyName: line(longestName).optional() });
const renameForm = plainForm.extend({ passkeyName: line(longestName).pipe(z.string().min(1, 'required')) });

/** Makes a handler of a change, or refuses it while the person's proof is not fresh. */
export type AsChange = (make: (ctx: Context) => Promise<FactorChange>) => Route['handle'];

/** A person's passkeys: add, rename, remove. */
export function passkeyRoutes(wiring: Wiring, realm: Realm, changer: FactorChanger, change: AsChange): Route[] {
  const { services, publicUrl } = wiring;
  const { settings, audience } = realm;
  const changes = passkeyChanges(wiring, realm, changer);

  async function offer(ctx: Context) {
    const session = sessionOf(ctx, realm);
    assertThat(session.isFresh, 'confirmFirst');
    ctx.body = await offerRegistration(services, publicUrl, session);
  }

  const add = (ctx: Context) => {
    const { passkey, passkeyName } = bodyOf(ctx, newForm);
    const name = passkeyName || translator(ctx.state.language)('secondFactor.passkeys.defaultName');
    return changes.add(ctx, passkey, name);
  };
  const rename = (ctx: Context) => changes.rename(ctx, pathId(ctx), bodyOf(ctx, renameForm).passkeyName);
  const remove = (ctx: Context) => changes.remove(ctx, pathId(ctx));

  const common = { method: 'post', audience, whilePending: 'secondFactorSetup' } as const;
  const page = { ...common, kind: 'page' } as const;
  return [
    { ...common, kind: 'api', path: `${settings}/passkeys/options`, body: z.strictObject({}), handle: offer },
    { ...page, path: `${settings}/passkeys`, body: newForm, handle: change(add) },
    { ...page, path: `${settings}/passkeys/:id/rename`, body: renameForm, handle: change(rename) },
    { ...page, path: `${settings}/passkeys/:id/remove`, body: plainForm, handle: change(remove) },
  ];
}
