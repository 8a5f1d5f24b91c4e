import { UniqueViolationError } from 'objection';
import { z } from 'zod';
import { loadSettings } from '../../../db/registrations.js';
import { acceptStaffLink, findStaffLink } from '../../../db/staff.js';
import { cookieName, staffCookie } from '../../cookies.js';
import { RequestError } from '../../errors.js';
import { readFlash, setFlash } from '../../flash.js';
import { bodyOf, type Context, type Route, seeOther } from '../../http.js';
import { logInStaff } from '../../login.js';
import { ConsoleLoginPage, OperatorSetupPage } from '../../pages/console/door-pages.js';
import type { FieldErrors } from '../../pages/models.js';
import { hashPassword, passwordProblem } from '../../passwords.js';
import { closeSession } from '../../sessions.js';
import { showPage } from '../../show-page.js';
import { email as emailSchema, fieldErrors } from '../registrations/schema.js';
import type { Wiring } from '../wiring.js';

const credentialsForm = z.strictObject({
  email: z.string().max(1_000),
  password: z.string().max(4_096),
  formToken: z.string().optional(),
});
const plainForm = z.strictObject({ formToken: z.string().optional() });

/** The Console's door; staff have their own login, cookie and sessions (security.md S7). */
export function doorRoutes({ services, secure }: Wiring): Route[] {
  const { db } = services;
  const setCookie = (ctx: Context, token: string | null) =>
    ctx.cookies.set(cookieName(staffCookie, secure), token, {
      httpOnly: true,
      secure,
      sameSite: 'strict',
      overwrite: true,
    });

  async function showSetup(ctx: Context, shown: { email?: string; errors?: FieldErrors } = {}, status = 200) {
    const token = ctx.params.token ?? '';
    const link = await findStaffLink(db, token);
    if (!link) throw new RequestError('linkInvalid');
    const { password_minimum: passwordMinimum } = await loadSettings(db);
    const invited = link.email ?? undefined;
    showPage(ctx, OperatorSetupPage, { token, passwordMinimum, invited, errors: {}, ...shown }, status);
  }

  async function setUp(ctx: Context) {
    const { email: typed, password } = bodyOf(ctx, credentialsForm);
    const email = emailSchema.safeParse(typed);
    const token = ctx.params.token ?? '';
    const link = await findStaffLink(db, token);
    if (!link) throw new RequestError('linkInvalid');
    const { password_minimum } = await loadSettings(db);
    const weakness = password ? passwordProblem(password, password_minimum, [typed.split('@')[0]]) : 'required';
    // An invitation makes only the address staff that it was mailed to.
    const isOther = email.success && link.email !== null && link.email !== email.data;
    if (!email.success || isOther || weakness) {
      const errors = {
        ...(email.success ? {} : { email: fieldErrors(email.error)['']! }),
        ...(isOther ? { email: 'invitedOther' } : {}),
        ...(weakness ? { password: weakness } : {}),
      };
      return showSetup(ctx, { email: typed, errors }, 400);
    }
    const account = { email: email.data, passwordHash: await hashPassword(password), source: ctx.state.source };
    const accepted = await acceptStaffLink(db, token, account).catch((error) => {
      if (error instanceof UniqueViolationError) return false;
      throw error;
    });
    if (!accepted) throw new RequestError('linkInvalid');
    setFlash(ctx, { notice: 'passwordSet', email: email.data }, secure);
    seeOther(ctx, '/console/login');
  }

  function showLogin(ctx: Context, shown: { email?: string; error?: string; seconds?: number } = {}, status = 200) {
    if (ctx.state.staff && status === 200) return ctx.redirect('/console');
    const { email, notice } = readFlash(ctx, secure);
    const said = notice === 'passwordSet' || notice === 'loggedOut' ? notice : undefined;
    showPage(
      ctx,
      ConsoleLoginPage,
      { ...shown, email: shown.email ?? email, notice: shown.error ? undefined : said },
      status,
    );
  }

  async function submitLogin(ctx: Context) {
    const { email, password } = bodyOf(ctx, credentialsForm);
    try {
      setCookie(ctx, await logInStaff(services, ctx, email, password));
    } catch (error) {
      if (!(error instanceof RequestError) || error.code === 'busy') throw error;
      const { retryAfter: seconds } = error.details;
      if (seconds) ctx.set('Retry-After', String(seconds));
      return showLogin(ctx, { email, error: error.code, seconds }, error.status);
    }
    seeOther(ctx, '/console');
  }

  async function logOut(ctx: Context) {
    if (ctx.state.staff) await closeSession(db, 'staff_sessions', ctx.state.staff.tokenHash);
    setCookie(ctx, null);
    setFlash(ctx, { notice: 'loggedOut' }, secure);
    seeOther(ctx, '/console/login');
  }

  const page = { kind: 'page' } as const;
  const door = { ...page, audience: 'public', whilePending: true } as const;
  return [
    { ...page, method: 'get', path: '/console/setup/:token', audience: 'public', handle: (ctx) => showSetup(ctx) },
    {
      ...page,
      method: 'post',
      path: '/console/setup/:token',
      audience: 'public',
      body: credentialsForm,
      handle: setUp,
    },
    { ...door, method: 'get', path: '/console/login', handle: (ctx) => showLogin(ctx) },
    { ...door, method: 'post', path: '/console/login', body: credentialsForm, handle: submitLogin },
    { ...door, method: 'post', path: '/console/logout', body: plainForm, handle: logOut },
  ];
}
