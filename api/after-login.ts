import type { Context } from './http.js';
import { interactionCookie } from './sign-in/provider.js';

/**
 * Where a person goes who has just logged in or done one more step of it: back to the application that sent them, if this
 * browser has its request, else to the account. Whether the request is still good is seen there. The one answer to this
 * question, and never an address from a request (security.md T15).
 */
export const afterLogin = (ctx: Context, secure: boolean): string =>
  ctx.cookies.get(interactionCookie(secure)) ? '/sign-in/return' : '/account';
