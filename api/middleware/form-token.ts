import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { Middleware } from 'koa';
import type { SecretKeys } from '../../db/secret-keys.js';
import { cookieName, sessionCookie, staffCookie } from '../cookies.js';
import type { Context } from '../http.js';

const formCookie = 'form';
const purpose = 'form-token';

/** What binds the forms of a page to the browser that was given the page. */
export interface Forms {
  /** Value of the hidden field; gives a browser that has no session a cookie that says nothing else. */
  token(): string;
  /** Whether a field's value was made for this browser, with this key or one before it. */
  isToken(value: unknown): boolean;
}

/** Binds forms to the session, or before one to a cookie of their own (security.md S5, S6). */
export const koaFormToken =
  (keys: SecretKeys, secure: boolean): Middleware =>
  async (ctx, next) => {
    ctx.state.forms = formsOf(ctx as unknown as Context, keys, secure);
    await next();
  };

function formsOf(ctx: Context, keys: SecretKeys, secure: boolean): Forms {
  const cookie = (name: string) => ctx.cookies.get(cookieName(name, secure));
  const session = cookie(ctx.path.startsWith('/console') ? staffCookie : sessionCookie);
  let secret = session || cookie(formCookie);
  return {
    token: () => {
      if (!secret) {
        secret = randomBytes(32).toString('base64url');
        ctx.cookies.set(cookieName(formCookie, secure), secret, { httpOnly: true, secure, sameSite: 'lax' });
      }
      return keys.hash(purpose, secret).toString('base64url');
    },
    isToken: (value) => {
      const given = Buffer.from(String(value ?? ''), 'base64url');
      // Any of this browser's own: the Console's pages carry a form of the public side too, for the language.
      return [sessionCookie, staffCookie, formCookie]
        .flatMap((name) => keys.hashes(purpose, cookie(name) || randomBytes(32)))
        .some((hash) => hash.length === given.length && timingSafeEqual(hash, given));
    },
  };
}
