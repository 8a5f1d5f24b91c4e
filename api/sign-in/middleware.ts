import type { Middleware } from 'koa';
import type { KoaContextWithOIDC } from 'oidc-provider';
import type { Database } from '../../db/connection.js';
import { cookieName, sessionCookie } from '../cookies.js';
import { endSession } from '../end-session.js';
import type { Context } from '../http.js';
import { findUserSession, userSessionLifetimes } from '../sessions.js';
import { mountPath } from './provider.js';
import type { SignIn } from './sign-in.js';

interface Options {
  db: Database;
  publicUrl: string;
  secure: boolean;
}

const authorization = `${mountPath}/auth`;
const logout = `${mountPath}/session/end`;

/** Hands to the OpenID provider what is its own, and sees to what this application and the provider have in common. */
export const koaSignIn =
  (signIn: SignIn, { db, publicUrl, secure }: Options): Middleware =>
  async (koaContext, next) => {
    if (!koaContext.path.startsWith(`${mountPath}/`)) return next();
    const ctx = koaContext as unknown as Context & Partial<KoaContextWithOIDC>;
    const { provider, mounted } = await signIn.load();
    // Addresses are made from it: ours is the public one, whatever the request says.
    ctx.request.originalUrl = publicUrl + ctx.request.originalUrl;
    if (ctx.path.startsWith(authorization) || ctx.path.startsWith(logout)) {
      const token = ctx.cookies.get(cookieName(sessionCookie, secure));
      if (token) ctx.state.user = await findUserSession(db, token, userSessionLifetimes);
    }
    // At the start of something only: what is under way is bound to the session it began with.
    if (ctx.path === authorization || ctx.path === logout) {
      const session = await provider.Session.get(koaContext);
      if (session.accountId && session.accountId !== ctx.state.user?.userId) await session.destroy();
    }
    await mounted(koaContext, next);
    allowFormToApplication(ctx);
    if (hasLoggedOut(ctx)) await endSession(ctx, db, secure);
  };

/** The person said yes to the provider's question, or the application showed that it was about them. */
function hasLoggedOut({ oidc, state, status }: Context & Partial<KoaContextWithOIDC>): boolean {
  const isEnd = oidc?.route === 'end_session_confirm' && status === 303 && Boolean(oidc.params?.logout);
  return isEnd && state.user !== undefined && oidc.session?.accountId === state.user.userId;
}

/** A form that ends at the application (`response_mode=form_post`, logout) may do so: on that page, to that origin. */
function allowFormToApplication(ctx: Context & Partial<KoaContextWithOIDC>): void {
  const { client, params } = ctx.oidc ?? {};
  if (!client || !ctx.response.is('html')) return;
  const { redirect_uri, post_logout_redirect_uri } = params ?? {};
  const allowed = [
    typeof redirect_uri === 'string' && client.redirectUriAllowed(redirect_uri) && redirect_uri,
    typeof post_logout_redirect_uri === 'string' &&
      client.postLogoutRedirectUriAllowed(post_logout_redirect_uri) &&
      post_logout_redirect_uri,
  ].find(Boolean);
  if (!allowed) return;
  const policy = ctx.response.get('Content-Security-Policy');
  ctx.set(
    'Content-Security-Policy',
    policy.replace("form-action 'self'", `form-action 'self' ${new URL(allowed).origin}`),
  );
}
