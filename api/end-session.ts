import type { Database } from '../db/connection.js';
import { cookieName, sessionCookie } from './cookies.js';
import type { Context } from './http.js';
import { closeSession } from './sessions.js';

/** Logs the user out of this browser, here and in every application's sign-in that ends with the session. */
export async function endSession(ctx: Context, db: Database, secure: boolean): Promise<void> {
  if (ctx.state.user) await closeSession(db, 'sessions', ctx.state.user.tokenHash);
  ctx.cookies.set(cookieName(sessionCookie, secure), null, {
    httpOnly: true,
    secure,
    sameSite: 'lax',
    overwrite: true,
  });
}
