import type { FactorOwner } from '../../db/second-factors.js';
import { afterLogin } from '../after-login.js';
import { cookieName, setSessionCookie, staffCookie } from '../cookies.js';
import { assertThat } from '../errors.js';
import type { Audience, Context } from '../http.js';
import type { PendingStep, SessionTable } from '../sessions.js';

/** Whoever is logged in, or half-way in, as far as the second factor cares. */
export interface FactorSession {
  tokenHash: Buffer;
  owner: FactorOwner;
  email: string;
  pending: readonly PendingStep[];
  isFresh: boolean;
}

/** Users and staff are apart in everything (security.md S7); what they prove, and how, is the same. */
export interface Realm {
  name: 'user' | 'staff';
  audience: Audience;
  table: SessionTable;
  /** Paths: where the factor is asked for, where it is set up, where the login goes on, starts and is left. */
  asking: string;
  settings: string;
  home: string;
  login: string;
  logout: string;
  /** Where to go once the login is complete. */
  goOn(ctx: Context, secure: boolean): string;
  find(ctx: Context): FactorSession | undefined;
  setCookie(ctx: Context, token: string, secure: boolean): void;
}

export const userRealm: Realm = {
  name: 'user',
  audience: 'user',
  table: 'sessions',
  asking: '/login/second-factor',
  settings: '/account/second-factor',
  home: '/account',
  login: '/login',
  logout: '/logout',
  goOn: afterLogin,
  find: ({ state: { user } }) => user && { ...user, owner: { userId: user.userId } },
  setCookie: (ctx, token, secure) => setSessionCookie(ctx, token, { secure, remembered: ctx.state.user?.remembered }),
};

export const staffRealm: Realm = {
  name: 'staff',
  audience: 'staff-viewer',
  table: 'staff_sessions',
  asking: '/console/login/second-factor',
  settings: '/console/second-factor',
  home: '/console',
  login: '/console/login',
  logout: '/console/logout',
  goOn: () => '/console',
  find: ({ state: { staff } }) => staff && { ...staff, owner: { staffId: staff.staffId } },
  setCookie: (ctx, token, secure) =>
    ctx.cookies.set(cookieName(staffCookie, secure), token, {
      httpOnly: true,
      secure,
      sameSite: 'strict',
      overwrite: true,
    }),
};

/** The session of a route that needs one. */
export function sessionOf(ctx: Context, realm: Realm): FactorSession {
  const session = realm.find(ctx);
  assertThat(session, 'unauthenticated');
  return session;
}

/** For limits: one account, whatever the session. */
export const ownerName = ({ owner }: FactorSession): string =>
  'userId' in owner ? `user ${owner.userId}` : `staff ${owner.staffId}`;
