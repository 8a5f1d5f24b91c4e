import { z } from 'zod';
import { loadFactors } from '../../../db/second-factors.js';
import { RequestError } from '../../errors.js';
import { bodyOf, type Context, type Route, seeOther } from '../../http.js';
import { FactorLoginPage } from '../../pages/second-factor/login-page.js';
import { proveByCode, proveByPasskey } from '../../second-factor/prove.js';
import { type FactorSession, type Realm, sessionOf } from '../../second-factor/realm.js';
import { offerAuthentication } from '../../second-factor/webauthn.js';
import { showPage } from '../../show-page.js';
import type { Wiring } from '../wiring.js';

const codeForm = z.strictObject({ formToken: z.string().optional(), code: z.string().max(1_000) });
const passkeyForm = z.strictObject({ formToken: z.string().optional(), passkey: z.string().max(40_000) });

/** The second step of the login, for those who have a second factor. */
export function factorLoginRoutes(wiring: Wiring, realm: Realm): Route[] {
  const { services, publicUrl } = wiring;
  const { db } = services;

  async function show(ctx: Context, shown: { error?: string; seconds?: number } = {}, status = 200) {
    const session = sessionOf(ctx, realm);
    if (!isAsked(session)) return ctx.redirect(realm.home);
    const { totpSince, passkeys } = await loadFactors(db, session.owner);
    const model = { realm, hasApp: totpSince !== null, hasPasskey: passkeys.length > 0, ...shown };
    showPage(ctx, FactorLoginPage, model, status);
  }

  const submit = (prove: (ctx: Context, session: FactorSession) => Promise<void>) => async (ctx: Context) => {
    const session = realm.find(ctx);
    // Also the second of two clicks, whose token the first has made a new one of.
    if (!session) return seeOther(ctx, realm.login);
    try {
      if (isAsked(session)) await prove(ctx, session);
    } catch (error) {
      if (!(error instanceof RequestError) || error.code === 'busy') throw error;
      const { retryAfter: seconds } = error.details;
      if (seconds) ctx.set('Retry-After', String(seconds));
      return show(ctx, { error: error.code, seconds }, error.status);
    }
    seeOther(ctx, realm.goOn(ctx, wiring.secure));
  };

  const byCode = submit((ctx, session) => proveByCode(wiring, ctx, realm, session, bodyOf(ctx, codeForm).code));
  const byPasskey = submit((ctx, session) =>
    proveByPasskey(wiring, ctx, realm, session, bodyOf(ctx, passkeyForm).passkey),
  );

  async function offer(ctx: Context) {
    ctx.body = await offerAuthentication(services, publicUrl, sessionOf(ctx, realm));
  }

  const { asking: path, audience } = realm;
  const whilePending = 'secondFactor' as const;
  const page = { kind: 'page', path, whilePending } as const;
  const post = { ...page, method: 'post', audience: 'public' } as const;
  const offered = { method: 'post', kind: 'api', audience, whilePending, body: z.strictObject({}) } as const;
  return [
    { ...page, method: 'get', audience, handle: (ctx) => show(ctx) },
    { ...post, body: codeForm, handle: byCode },
    { ...post, path: `${path}/passkey`, body: passkeyForm, handle: byPasskey },
    { ...offered, path: `${path}/passkey-options`, handle: offer },
  ];
}

/** Whoever has no second factor, or has proven it, has no business here. */
const isAsked = ({ pending }: FactorSession) => pending[0] === 'secondFactor';
