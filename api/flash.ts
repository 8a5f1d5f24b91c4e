import { z } from 'zod';
import { cookieName } from './cookies.js';
import type { Context } from './http.js';

const flash = z.object({
  notice: z
    .enum(['accountReady', 'loggedOut', 'alreadyRegistered', 'passwordSet', 'accountDeleted', 'emailChanged'])
    .optional(),
  email: z.string().max(254).optional(),
  /** Of the Console: key of the words under `<area>.done`. */
  done: z
    .string()
    .regex(/^[a-zA-Z]{1,40}$/)
    .optional(),
});
export type Flash = z.infer<typeof flash>;

const flashCookie = 'flash';
/** Milliseconds; a page that is reloaded shows it again, one that is opened tomorrow does not. */
const flashLifetime = 10 * 60 * 1000;

/** Hands something to the page that a redirect leads to, without putting it into the address. */
export function setFlash(ctx: Context, value: Flash, secure: boolean): void {
  const text = Buffer.from(JSON.stringify(value)).toString('base64url');
  ctx.cookies.set(cookieName(flashCookie, secure), text, {
    httpOnly: true,
    secure,
    sameSite: 'lax',
    maxAge: flashLifetime,
  });
}

/** What the last redirect handed on; the browser could have written it itself, so it is only ever shown. */
export function readFlash(ctx: Context, secure: boolean): Flash {
  const text = ctx.cookies.get(cookieName(flashCookie, secure)) ?? '';
  try {
    return flash.parse(JSON.parse(Buffer.from(text, 'base64url').toString()));
  } catch {
    return {};
  }
}
