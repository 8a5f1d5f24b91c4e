import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { Middleware } from 'koa';
import type { SecretKeys } from '../../db/secret-keys.js';
import { type CookieOptions, cookieName, sessionCookie, staffCookie } from '../cookies.js';
import type { Context } from '../http.js';

const formCookie = 'form';
const keysOf = new WeakMap<object, SecretKeys>();

/**
 * Binds the forms of a page to the browser that was given the page: to its session, or before one, to a cookie that
 * says nothing else (security.md S5, S6).
 */
export const koaFormToken =
  (keys: SecretKeys, cookies: CookieOptions): Middleware =>
  async (koaContext, next) => {
    const ctx = koaContext as unknown as Context;
    keysOf.set(ctx.state, keys);
    const { secure } = cookies;
    const session = ctx.cookies.get(cookieName(ctx.path.startsWith('/console') ? staffCookie : sessionCookie, secure));
    let secret = session ?? ctx.cookies.get(cookieName(formCookie, secure));
    if (!secret || secret.length > 64) {
      secret = randomBytes(32).toString('base64url');
      if (!ctx.path.startsWith('/api/'))
        ctx.cookies.set(cookieName(formCookie, secure), secret, {
          httpOnly: true,
          secure,
          sameSite: 'lax',
          overwrite: true,
        });
    }
    ctx.state.formSecret = secret;
    await next();
  };

/** The value of the hidden field. */
export function formToken(ctx: Context): string {
  const keys = keysOf.get(ctx.state);
  return keys ? keys.hash('form-token', ctx.state.formSecret).toString('base64url') : '';
}

/** Whether the field's value was made for this browser, with this key or one before it. */
export function isFormToken(ctx: Context, value: unknown): boolean {
  const given = Buffer.from(String(value ?? ''), 'base64url');
  const expected = keysOf.get(ctx.state)?.hashes('form-token', ctx.state.formSecret) ?? [];
  return expected.some((hash) => hash.length === given.length && timingSafeEqual(hash, given));
}
