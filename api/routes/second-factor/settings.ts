import { z } from 'zod';
import { hideRecoveryCodes, shownRecoveryCodes } from '../../../db/recovery-codes.js';
import { loadFactors } from '../../../db/second-factors.js';
import { pendingTotp } from '../../../db/totp-secrets.js';
import { RequestError } from '../../errors.js';
import { readFlash, setFlash } from '../../flash.js';
import { bodyOf, type Context, type Route, seeOther } from '../../http.js';
import { translator } from '../../i18n.js';
import { RecoveryCodesPage } from '../../pages/second-factor/recovery-codes-page.js';
import { FactorSettingsPage } from '../../pages/second-factor/settings-page.js';
import { TotpPage } from '../../pages/second-factor/totp-page.js';
import { drawQr } from '../../qr-code.js';
import { type FactorChange, factorChanger } from '../../second-factor/change.js';
import { factorChanges } from '../../second-factor/changes.js';
import { confirmByPassword } from '../../second-factor/confirm.js';
import { mostPasskeys } from '../../second-factor/passkey-changes.js';
import { type Realm, sessionOf } from '../../second-factor/realm.js';
import { totpAddress } from '../../second-factor/totp.js';
import { showPage } from '../../show-page.js';
import type { Wiring } from '../wiring.js';
import { passkeyRoutes } from './passkeys.js';

const plainForm = z.strictObject({ formToken: z.string().optional() });
const passwordForm = plainForm.extend({ password: z.string().max(4_096) });
const codeForm = plainForm.extend({ code: z.string().max(1_000) });

interface Shown {
  error?: string;
  seconds?: number;
}

/** Where people set up, change and remove their own second factor. */
export function factorSettingsRoutes(wiring: Wiring, realm: Realm): Route[] {
  const { services, secure } = wiring;
  const { db, keys } = services;
  const { settings, audience } = realm;
  const changer = factorChanger(wiring, realm);
  const changes = factorChanges(wiring, realm, changer);

  async function show(ctx: Context, shown: Shown = {}, status = 200) {
    const { owner, pending, isFresh } = sessionOf(ctx, realm);
    const { done } = status === 200 ? readFlash(ctx, secure) : {};
    if (done) setFlash(ctx, {}, secure);
    const factors = await loadFactors(db, owner);
    const isDemanded = pending.includes('secondFactorSetup');
    const hasRoom = factors.passkeys.length < mostPasskeys;
    showPage(ctx, FactorSettingsPage, { realm, factors, isFresh, isDemanded, hasRoom, done, ...shown }, status);
  }

  async function confirm(ctx: Context) {
    try {
      await confirmByPassword(services, ctx, realm, bodyOf(ctx, passwordForm).password);
    } catch (error) {
      if (!(error instanceof RequestError) || error.code === 'busy') throw error;
      const { retryAfter: seconds } = error.details;
      if (seconds) ctx.set('Retry-After', String(seconds));
      return show(ctx, { error: error.code, seconds }, error.status);
    }
    seeOther(ctx, settings);
  }

  /** A change, after which a page says what was done; only soon after the person proved to be who they are. */
  const change = (make: (ctx: Context) => Promise<FactorChange>) => async (ctx: Context) => {
    if (!sessionOf(ctx, realm).isFresh) return show(ctx, { error: 'confirmFirst' }, 403);
    try {
      const { path, done } = await make(ctx);
      if (done) setFlash(ctx, { done }, secure);
      seeOther(ctx, path);
    } catch (error) {
      if (!(error instanceof RequestError) || error.code !== 'passkeyFailed') throw error;
      await show(ctx, { error: error.code }, error.status);
    }
  };

  async function showTotp(ctx: Context, error?: string, status = 200) {
    const { owner, email, isFresh } = sessionOf(ctx, realm);
    const pending = isFresh ? await pendingTotp(db, keys, owner) : undefined;
    if (!pending) return seeOther(ctx, settings);
    const address = totpAddress(pending.secret, email);
    showPage(ctx, TotpPage, { realm, secret: pending.secret, address, qr: drawQr(address), error }, status);
  }

  async function confirmTotp(ctx: Context) {
    try {
      await change(() => changes.confirmTotp(ctx, bodyOf(ctx, codeForm).code))(ctx);
    } catch (error) {
      if (!(error instanceof RequestError) || error.code !== 'secondFactorFailed') throw error;
      await showTotp(ctx, error.code, error.status);
    }
  }

  /** Set up on the way to an application: there, for nothing here says that it waits. */
  function seeNext(ctx: Context) {
    const next = realm.goOn(ctx, secure);
    seeOther(ctx, next === realm.home ? settings : next);
  }

  /** New codes, in a page or a file, until they are put away. */
  const withCodes = (tell: (ctx: Context, codes: string[]) => void) => async (ctx: Context) => {
    const { owner, isFresh } = sessionOf(ctx, realm);
    const codes = isFresh ? await shownRecoveryCodes(db, keys, owner) : [];
    if (codes.length === 0) return seeNext(ctx);
    tell(ctx, codes);
  };

  function sendCodes(ctx: Context, codes: string[]) {
    const t = translator(ctx.state.language ?? 'en');
    const { email } = sessionOf(ctx, realm);
    const title = t('secondFactor.codes.fileTitle', { email });
    ctx.body = [title, '', ...codes, '', t('secondFactor.codes.eachOnce'), ''].join('\r\n');
    ctx.attachment('vestibule-recovery-codes.txt');
    ctx.type = 'text/plain; charset=utf-8';
  }

  async function hideCodes(ctx: Context) {
    await hideRecoveryCodes(db, sessionOf(ctx, realm).owner);
    seeNext(ctx);
  }

  const page = { kind: 'page', audience, whilePending: 'secondFactorSetup' } as const;
  const post = { ...page, method: 'post' } as const;
  return [
    { ...page, method: 'get', path: settings, handle: (ctx) => show(ctx) },
    { ...post, path: `${settings}/confirm`, body: passwordForm, handle: confirm },
    { ...post, path: `${settings}/totp`, body: plainForm, handle: change(changes.startTotp) },
    { ...page, method: 'get', path: `${settings}/totp`, handle: (ctx) => showTotp(ctx) },
    { ...post, path: `${settings}/totp/confirm`, body: codeForm, handle: confirmTotp },
    { ...post, path: `${settings}/totp/remove`, body: plainForm, handle: change(changes.removeTotp) },
    { ...post, path: `${settings}/recovery-codes`, body: plainForm, handle: change(changes.makeCodes) },
    {
      ...page,
      method: 'get',
      path: `${settings}/recovery-codes`,
      handle: withCodes((ctx, codes) => showPage(ctx, RecoveryCodesPage, { realm, codes })),
    },
    { ...page, method: 'get', path: `${settings}/recovery-codes/file`, handle: withCodes(sendCodes) },
    { ...post, path: `${settings}/recovery-codes/stored`, body: plainForm, handle: hideCodes },
    ...passkeyRoutes(wiring, realm, changer, change),
  ];
}
