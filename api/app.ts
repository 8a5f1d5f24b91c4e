import { Router } from '@koa/router';
import Koa, { type Middleware } from 'koa';
import { z } from 'zod';
import type { StaffRole } from '../db/models.js';
import { cookieName, sessionCookie, staffCookie } from './cookies.js';
import { assertThat, RequestError } from './errors.js';
import { type Context, type Route, seeOther } from './http.js';
import { identifyMachine } from './machine-access.js';
import { readBody } from './middleware/body.js';
import { koaErrors } from './middleware/errors.js';
import { koaFormToken } from './middleware/form-token.js';
import { koaLanguage, preferLanguage } from './middleware/language.js';
import { assertSameOrigin } from './middleware/same-origin.js';
import { koaSecurityHeaders } from './middleware/security-headers.js';
import { koaSource } from './middleware/source.js';
import { describeApi } from './openapi.js';
import { accountRoutes } from './routes/account/index.js';
import { securityRoutes } from './routes/account/security.js';
import { agreementRoutes } from './routes/agreements.js';
import { consoleRoutes } from './routes/console/index.js';
import { organisationRoutes } from './routes/organisation/index.js';
import { invitationApi } from './routes/organisation/invitation-api.js';
import { invitationPages } from './routes/organisation/invitation-pages.js';
import { joinRequestRoutes } from './routes/organisation/join-requests.js';
import { passwordResetRoutes } from './routes/password-resets.js';
import { platformRoutes } from './routes/platform/index.js';
import { registrationApi } from './routes/registrations/api.js';
import { joinPages } from './routes/registrations/join-pages.js';
import { linkPages } from './routes/registrations/link-pages.js';
import { fieldErrors } from './routes/registrations/schema.js';
import { startPages } from './routes/registrations/start-pages.js';
import { factorLoginRoutes } from './routes/second-factor/login.js';
import { factorSettingsRoutes } from './routes/second-factor/settings.js';
import { sessionRoutes } from './routes/sessions.js';
import { signInRoutes } from './routes/sign-in.js';
import { systemRoutes } from './routes/system.js';
import type { Wiring } from './routes/wiring.js';
import { userRealm } from './second-factor/realm.js';
import {
  findStaffSession,
  findUserSession,
  hasRole,
  isAdministrator,
  type PendingStep,
  type StaffSession,
  staffSessionLifetimes,
  userSessionLifetimes,
} from './sessions.js';
import { koaSignIn } from './sign-in/middleware.js';

export interface AppOptions extends Wiring {
  trustedProxies: string[];
}

/** Every route there is; what is not in this list is not reachable. */
export function allRoutes(wiring: Wiring): Route[] {
  const routes = [
    ...systemRoutes(wiring),
    ...sessionRoutes(wiring),
    ...signInRoutes(wiring),
    ...passwordResetRoutes(wiring),
    ...factorLoginRoutes(wiring, userRealm),
    ...factorSettingsRoutes(wiring, userRealm),
    ...startPages(wiring),
    ...linkPages(wiring),
    ...registrationApi(wiring),
    ...accountRoutes(wiring),
    ...securityRoutes(wiring),
    ...organisationRoutes(wiring),
    ...agreementRoutes(wiring),
    ...invitationApi(wiring),
    ...invitationPages(wiring),
    ...joinPages(wiring),
    ...joinRequestRoutes(wiring),
    ...platformRoutes(wiring),
    ...consoleRoutes(wiring),
  ];
  const openApi: Route = {
    kind: 'api',
    method: 'get',
    path: '/api/v1/openapi.json',
    audience: 'public',
    summary: 'This description',
    responses: { 200: { description: 'An OpenAPI 3.1 document', body: z.record(z.string(), z.unknown()) } },
    handle: (ctx) => {
      ctx.body = description;
    },
  };
  const description = describeApi([...routes, openApi], wiring);
  return [...routes, openApi];
}

/** The whole HTTP side, as a Koa application that listens nowhere yet. */
export function createApp(options: AppOptions): Koa {
  const { services, secure, publicUrl, trustedProxies } = options;
  const router = new Router();
  for (const route of allRoutes(options)) router[route.method](route.path, answer(route, options));
  const app = new Koa();
  app.silent = true; // `koaErrors` has told the log
  app.use(async (ctx, next) => {
    // TLS ends at the proxy: what counts is how the browser came, not how the proxy did.
    ctx.cookies.secure = secure;
    await next();
  });
  app.use(koaSecurityHeaders(new URL(publicUrl).protocol === 'https:'));
  app.use(koaLanguage({ secure }));
  app.use(koaSource(trustedProxies));
  app.use(koaErrors(services.log));
  app.use(koaFormToken(services.keys, secure));
  app.use(koaSignIn(options.signIn, { db: services.db, publicUrl, secure }));
  app.use(router.routes() as Middleware);
  app.use(router.allowedMethods() as Middleware);
  return app;
}

/** One route's whole way: who asks, is it really them, is the body in order, then the handler. */
function answer(route: Route, { services, secure, publicUrl }: AppOptions) {
  const { db } = services;
  return async (ctx: Context): Promise<void> => {
    if (route.audience === 'machine') {
      ctx.state.machine = await identifyMachine(ctx, services);
    } else if (route.path.startsWith('/console')) {
      const token = ctx.cookies.get(cookieName(staffCookie, secure));
      if (token) ctx.state.staff = await findStaffSession(db, token, staffSessionLifetimes);
    } else if (!route.path.startsWith('/assets')) {
      const token = ctx.cookies.get(cookieName(sessionCookie, secure));
      if (token) ctx.state.user = await findUserSession(db, token, userSessionLifetimes);
      // A program says with each request what it wants.
      if (ctx.state.user && route.kind === 'page') preferLanguage(ctx, ctx.state.user.language);
    }
    forgetUnproven(ctx, route);
    if (!isAllowed(ctx, route)) return;
    if (route.method !== 'get') {
      // A page's proof is in its body, so the body is read first; it is not looked at before the proof.
      const body = route.body ? await readBody(ctx, route) : undefined;
      (ctx.request as { body?: unknown }).body = body;
      assertSameOrigin(ctx, route, new URL(publicUrl).origin);
      if (route.body) {
        const parsed = route.body.safeParse(body);
        if (!parsed.success) {
          const more = await route.moreFaults?.(ctx, body);
          throw new RequestError('invalidFields', { fields: { ...more, ...fieldErrors(parsed.error) } });
        }
        (ctx.request as { body?: unknown }).body = parsed.data;
      }
    }
    await route.handle(ctx);
  };
}

/** Whether a route is open to somebody who still has to take this step. */
const isOpenAt = (step: PendingStep, { whilePending }: Route): boolean =>
  whilePending === true || whilePending === step;

/** For routes that are open to everybody, a password without its second factor makes nobody a user or staff. */
function forgetUnproven(ctx: Context, route: Route): void {
  if ((route.audience !== 'public' && route.audience !== 'link') || isOpenAt('secondFactor', route)) return;
  if (ctx.state.user?.pending.includes('secondFactor')) delete ctx.state.user;
  if (ctx.state.staff?.pending.includes('secondFactor')) delete ctx.state.staff;
}

/**
 * Sends a person to the right login, or to what has to be done before all else; answers a program with 401, and whoever
 * lacks the right with 403.
 */
function isAllowed(ctx: Context, route: Route): boolean {
  const { audience, scope, kind } = route;
  const { user, staff, machine } = ctx.state;
  if (audience === 'machine') {
    assertThat(scope && machine?.scopes.includes(scope), 'scopeMissing');
    return true;
  }
  const role = audience.startsWith('staff-') ? (audience.slice('staff-'.length) as StaffRole) : undefined;
  const isUsers = audience === 'user' || audience === 'user-admin';
  const isPage = kind === 'page' && ctx.method !== 'POST';
  if (isUsers && !user && route.againLeadsTo) {
    seeOther(ctx, route.againLeadsTo);
    return false;
  }
  if ((isUsers && !user) || (role && !staff)) {
    assertThat(isPage, 'unauthenticated');
    ctx.redirect(role ? '/console/login' : '/login');
    return false;
  }
  const pending = (isUsers && user?.pending[0]) || (role && staff?.pending[0]);
  if (pending && !isOpenAt(pending, route)) {
    assertThat(isPage, 'stepPending');
    ctx.redirect(role ? consolePendingPages[pending as StaffSession['pending'][number]] : pendingPages[pending]);
    return false;
  }
  assertThat(!role || hasRole(staff, role), 'forbidden');
  assertThat(audience !== 'user-admin' || (user && isAdministrator(user)), 'forbidden');
  return true;
}

const pendingPages: Record<PendingStep, string> = {
  agreements: '/account/agreements/accept',
  secondFactor: '/login/second-factor',
  secondFactorSetup: '/account/second-factor',
};
const consolePendingPages: Record<StaffSession['pending'][number], string> = {
  secondFactor: '/console/login/second-factor',
  secondFactorSetup: '/console/second-factor',
};
