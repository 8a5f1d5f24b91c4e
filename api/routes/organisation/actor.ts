import type { Context } from '../../http.js';

/** The administrator who asks, and from where; the organisation is the session's, whatever the request says (security.md A2). */
export function actorOf(ctx: Context) {
  const { userId, customerId, partnerId } = ctx.state.user!;
  return { actor: { userId, customerId, partnerId }, source: ctx.state.source };
}
