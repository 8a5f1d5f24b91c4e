import { z } from 'zod';
import { cookieName } from '../../cookies.js';
import type { Context } from '../../http.js';
import { longestCode } from '../../registration-forms.js';

const invitation = z.object({
  kind: z.enum(['customer', 'partner']).optional().catch(undefined),
  code: z
    .string()
    .regex(/^[\w -]+$/)
    .max(longestCode)
    .optional()
    .catch(undefined),
});
export type Invitation = z.infer<typeof invitation>;

const invitationCookie = 'invitation';
/** Milliseconds: as long as an activation link usually works. */
const lifetime = 24 * 3_600_000;

/**
 * Keeps what a letter's link or QR code says (`?kind=partner&code=…`) in this browser, so that the registration page can
 * fill the code in once the mailbox is proven. It only fills in: the server stores nothing of it, and another device asks.
 */
export function keepInvitation(ctx: Context, secure: boolean): Invitation {
  const { kind, code } = invitation.parse(ctx.query);
  if (!code) return { kind };
  const text = Buffer.from(JSON.stringify({ kind, code })).toString('base64url');
  ctx.cookies.set(cookieName(invitationCookie, secure), text, {
    httpOnly: true,
    secure,
    sameSite: 'lax',
    maxAge: lifetime,
  });
  return { kind, code };
}

/** What this browser was invited with; it could have been written by anybody, so it is only ever shown. */
export function readInvitation(ctx: Context, secure: boolean): Invitation {
  const text = ctx.cookies.get(cookieName(invitationCookie, secure)) ?? '';
  try {
    return invitation.parse(JSON.parse(Buffer.from(text, 'base64url').toString()));
  } catch {
    return {};
  }
}
