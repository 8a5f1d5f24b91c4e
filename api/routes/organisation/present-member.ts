import type { Member } from '../../../db/organisation-user-list.js';
import { isAbove, organisationOf } from '../../../db/organisations.js';
import type { Context } from '../../http.js';

/** A user as the administrators of the organisation see them. */
export const presentMember = ({ phone, createdAt, lastSeenAt, ...member }: Member) => ({
  ...member,
  phone: phone ?? undefined,
  createdAt: createdAt.toISOString(),
  lastSeenAt: lastSeenAt?.toISOString(),
});

/** Whom an administrator cannot change: in part themselves, and wholly whoever has rights that they lack. */
export function reachOf(ctx: Context, { id, permissions }: Member) {
  const user = ctx.state.user!;
  return { isSelf: id === user.userId, isOutOfReach: isAbove(organisationOf(user), permissions, user.permissions) };
}
