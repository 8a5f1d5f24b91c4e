import { z } from 'zod';
import { loadSettings } from '../../db/registrations.js';
import { afterLogin } from '../after-login.js';
import { setSessionCookie } from '../cookies.js';
import { RequestError } from '../errors.js';
import { readFlash, setFlash } from '../flash.js';
import { bodyOf, type Context, type Route, seeOther } from '../http.js';
import { logIn } from '../login.js';
import { LoginPage } from '../pages/login-page.js';
import { openKinds } from '../registration-forms.js';
import { proveByCode } from '../second-factor/prove.js';
import { sessionOf, userRealm } from '../second-factor/realm.js';
import { closeSession, findUserSession, userSessionLifetimes } from '../sessions.js';
import { showPage } from '../show-page.js';
import { needsNewLogin, SignInRequests } from '../sign-in/requests.js';
import type { Wiring } from './wiring.js';

const loginForm = z.strictObject({
  email: z.string().max(1_000),
  password: z.string().max(4_096),
  remember: z.literal('on').optional(),
  formToken: z.string().optional(),
});
const plainForm = z.strictObject({ formToken: z.string().optional() });
const credentials = z.strictObject({
  email: z.string().max(1_000),
  password: z.string().max(4_096),
  /** Stay logged in on this device. */
  remember: z.boolean().optional(),
});
/** A session that lacks its second factor opens nothing but the way to prove it. */
const loggedIn = z.strictObject({ status: z.enum(['loggedIn', 'secondFactorRequired']) });
const code = z.strictObject({ code: z.string().max(1_000) });

/** Log in and out, as pages and as JSON. */
export function sessionRoutes(wiring: Wiring): Route[] {
  const { services, signIn, secure } = wiring;
  const requests = new SignInRequests(signIn, secure);

  async function showLogin(
    ctx: Context,
    shown: { email?: string; remember?: boolean; error?: string; seconds?: number } = {},
    status = 200,
  ) {
    const request = await requests.find(ctx);
    const { user } = ctx.state;
    if (user && status === 200 && !(request && needsNewLogin(request, user))) return ctx.redirect('/account');
    const settings = await loadSettings(services.db);
    const flash = readFlash(ctx, secure);
    const model = {
      email: shown.email ?? flash.email ?? request?.loginHint,
      application: request?.application.name,
      remember: shown.remember,
      notice: shown.error ? undefined : flash.notice,
      error: shown.error,
      seconds: shown.seconds,
    };
    showPage(ctx, LoginPage, { ...model, registrationOpen: openKinds(settings).length > 0 }, status);
  }

  async function submitLogin(ctx: Context) {
    const { email, password, remember } = bodyOf(ctx, loginForm);
    const remembered = remember === 'on';
    try {
      await end(ctx);
      setSessionCookie(ctx, await logIn(services, ctx, { email, password, remembered }), { secure, remembered });
    } catch (error) {
      if (!(error instanceof RequestError) || error.code === 'busy') throw error;
      if (error.details.retryAfter) ctx.set('Retry-After', String(error.details.retryAfter));
      return showLogin(
        ctx,
        { email, remember: remembered, error: error.code, seconds: error.details.retryAfter },
        error.status,
      );
    }
    seeOther(ctx, afterLogin(ctx, secure));
  }

  async function logOut(ctx: Context) {
    await end(ctx);
    setSessionCookie(ctx, null, { secure });
    setFlash(ctx, { notice: 'loggedOut' }, secure);
    ctx.set('Clear-Site-Data', '"cache"');
    seeOther(ctx, '/login');
  }

  async function end(ctx: Context) {
    if (ctx.state.user) await closeSession(services.db, 'sessions', ctx.state.user.tokenHash);
  }

  async function create(ctx: Context) {
    const { email, password, remember: remembered } = bodyOf(ctx, credentials);
    await end(ctx);
    const token = await logIn(services, ctx, { email, password, remembered });
    setSessionCookie(ctx, token, { secure, remembered });
    const session = await findUserSession(services.db, token, userSessionLifetimes);
    ctx.status = 201;
    ctx.body = { status: session?.pending.includes('secondFactor') ? 'secondFactorRequired' : 'loggedIn' };
  }

  async function prove(ctx: Context) {
    const session = sessionOf(ctx, userRealm);
    if (session.pending.includes('secondFactor'))
      await proveByCode(wiring, ctx, userRealm, session, bodyOf(ctx, code).code);
    ctx.body = { status: 'loggedIn' };
  }

  async function remove(ctx: Context) {
    await end(ctx);
    setSessionCookie(ctx, null, { secure });
    ctx.status = 204;
  }

  return [
    {
      kind: 'page',
      method: 'get',
      path: '/login',
      audience: 'public',
      whilePending: true,
      handle: (ctx) => showLogin(ctx),
    },
    {
      kind: 'page',
      method: 'post',
      path: '/login',
      audience: 'public',
      body: loginForm,
      whilePending: true,
      handle: submitLogin,
    },
    {
      kind: 'page',
      method: 'post',
      path: '/logout',
      audience: 'public',
      body: plainForm,
      whilePending: true,
      handle: logOut,
    },
    {
      kind: 'api',
      method: 'post',
      path: '/api/v1/sessions',
      audience: 'public',
      summary: 'Log in; sets the session cookie',
      body: credentials,
      whilePending: true,
      responses: { 201: { description: 'The password is right', body: loggedIn } },
      handle: create,
    },
    {
      kind: 'api',
      method: 'post',
      path: '/api/v1/sessions/current/second-factor',
      audience: 'user',
      summary: 'Prove the second factor with a code of the app or a recovery code; sets a new session cookie',
      body: code,
      whilePending: 'secondFactor',
      responses: { 200: { description: 'Logged in', body: loggedIn } },
      handle: prove,
    },
    {
      kind: 'api',
      method: 'delete',
      path: '/api/v1/sessions/current',
      audience: 'user',
      summary: 'Log out',
      whilePending: true,
      responses: { 204: { description: 'Logged out' } },
      handle: remove,
    },
  ];
}
