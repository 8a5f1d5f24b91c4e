import type { Context } from './http.js';
import { rememberedLifetimes } from './sessions.js';

export interface CookieOptions {
  /** Over TLS: `__Host-` names and `Secure` (security.md S1). Only development goes without. */
  secure: boolean;
}

export const sessionCookie = 'session';
export const staffCookie = 'staff';

export const cookieName = (name: string, secure: boolean) => (secure ? `__Host-${name}` : `vestibule_${name}`);

/** Hands a user's browser its session, or takes it away. Without being remembered it goes when the browser is closed. */
export function setSessionCookie(
  ctx: Context,
  token: string | null,
  { secure, remembered = false }: CookieOptions & { remembered?: boolean },
): void {
  ctx.cookies.set(cookieName(sessionCookie, secure), token, {
    httpOnly: true,
    secure,
    sameSite: 'lax',
    overwrite: true,
    ...(token && remembered ? { maxAge: rememberedLifetimes.absolute * 1_000 } : {}),
  });
}
