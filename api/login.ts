import type { Database } from '../db/connection.js';
import { Partner, Staff, User } from '../db/models.js';
import { browserName } from './browser-name.js';
import { canonicalEmail } from './email-address.js';
import { RequestError } from './errors.js';
import type { Context } from './http.js';
import { verifyPassword } from './passwords.js';
import type { RateLimits } from './rate-limits.js';
import { openSession, type StaffSession, type UserSession } from './sessions.js';

interface Login {
  db: Database;
  limits: RateLimits;
}

/**
 * Checks a user's password and opens a session; returns its cookie value. One error and one duration for every reason
 * to refuse (security.md E5); counted by account and by source, without a lock a stranger could turn (P11).
 */
export async function logIn(
  login: Login,
  ctx: Context,
  { email, password, remembered = false }: { email: string; password: string; remembered?: boolean },
): Promise<string> {
  const find = (canonical: string) =>
    User.query(login.db)
      .findOne({ email: canonical })
      .whereNull('disabled_at')
      .whereNotExists(Partner.query().whereColumn('partners.id', 'users.partner_id').whereNotNull('disabled_at'));
  const { id } = await authenticate(login, ctx, 'user', { email, password }, find);
  return openSession(login.db, 'sessions', id, { remembered, browser: browserName(ctx.get('User-Agent')) });
}

/**
 * A user's stored hash if this is their password; rejects with `wrongPassword`. Counted as a login is, so that
 * a browser left alone is no place to guess in (security.md P11).
 */
export async function assertOwnPassword(
  login: Login,
  ctx: Context,
  user: Pick<UserSession, 'userId' | 'email'>,
  password: string,
): Promise<string> {
  const find = () => User.query(login.db).findById(user.userId);
  const account = await authenticate(login, ctx, 'user', { email: user.email, password }, find).catch(asOwnPassword);
  return account.password_hash;
}

/** The same for staff. */
export async function assertOwnStaffPassword(
  login: Login,
  ctx: Context,
  { staffId, email }: StaffSession,
  password: string,
): Promise<void> {
  const find = () => Staff.query(login.db).findById(staffId);
  await authenticate(login, ctx, 'staff', { email, password }, find).catch(asOwnPassword);
}

function asOwnPassword(error: unknown): never {
  if (error instanceof RequestError && error.code === 'loginFailed') throw new RequestError('wrongPassword');
  throw error;
}

/** The same for staff, who have accounts, sessions and counters of their own. */
export async function logInStaff(login: Login, ctx: Context, email: string, password: string): Promise<string> {
  const find = (canonical: string) => Staff.query(login.db).findOne({ email: canonical }).whereNull('disabled_at');
  const { id } = await authenticate(login, ctx, 'staff', { email, password }, find);
  return openSession(login.db, 'staff_sessions', id);
}

interface Account {
  id: string;
  password_hash: string;
}

async function authenticate(
  { limits }: Login,
  ctx: Context,
  realm: string,
  { email, password }: { email: string; password: string },
  find: (email: string) => PromiseLike<Account | undefined>,
): Promise<Account> {
  const canonical = canonicalEmail(email) ?? '';
  // By account and source together: a stranger elsewhere cannot keep the owner out.
  const attempt = `${realm} ${canonical} ${ctx.state.source}`;
  await limits.consume('loginsPerSource', `${realm} ${ctx.state.source}`);
  await limits.consume('loginsPerAccount', attempt);
  await limits.consume('loginsPerAccountOverall', `${realm} ${canonical}`);
  const account = await find(canonical);
  if (!(await verifyPassword(password, account?.password_hash)) || !account) throw new RequestError('loginFailed');
  await limits.forget('loginsPerAccount', attempt);
  return account;
}
