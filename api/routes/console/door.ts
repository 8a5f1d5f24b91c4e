import { UniqueViolationError } from 'objection';
import { z } from 'zod';
import { countByState, loadSettings } from '../../db/registrations.js';
import { acceptStaffLink, isStaffLink } from '../../db/staff.js';
import { registrationMachine } from '../../machines/registration.js';
import type { StateMeta } from '../../machines/registration-words.js';
import { cookieName, staffCookie } from '../cookies.js';
import { RequestError } from '../errors.js';
import { readFlash, setFlash } from '../flash.js';
import { bodyOf, type Context, type Route, seeOther } from '../http.js';
import { logInStaff } from '../login.js';
import { ConsoleHomePage, ConsoleLoginPage, OperatorSetupPage } from '../pages/console-pages.js';
import type { FieldErrors } from '../pages/models.js';
import { hashPassword, passwordProblem } from '../passwords.js';
import { closeSession } from '../sessions.js';
import { showPage } from '../show-page.js';
import { email as emailSchema, fieldErrors } from './registrations/schema.js';
import type { Wiring } from './wiring.js';

const credentialsForm = z.strictObject({
  email: z.string().max(1_000),
  password: z.string().max(4_096),
  formToken: z.string().optional(),
});
const plainForm = z.strictObject({ formToken: z.string().optional() });

/** The Console's door and its first room; staff have their own login, cookie and sessions (security.md S7). */
export function consoleRoutes({ services, secure, temporalUiUrl }: Wiring): Route[] {
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
    if (!(await isStaffLink(db, token))) throw new RequestError('linkInvalid');
    const { password_minimum: passwordMinimum } = await loadSettings(db);
    showPage(ctx, OperatorSetupPage, { token, passwordMinimum, errors: {}, ...shown }, status);
  }

  async function setUp(ctx: Context) {
    const { email: typed, password } = bodyOf(ctx, credentialsForm);
    const email = emailSchema.safeParse(typed);
    const { password_minimum } = await loadSettings(db);
    const weakness = password ? passwordProblem(password, password_minimum, [typed.split('@')[0]]) : 'required';
    if (!email.success || weakness) {
      const errors = {
        ...(email.success ? {} : { email: fieldErrors(email.error)['']! }),
        ...(weakness ? { password: weakness } : {}),
      };
      return showSetup(ctx, { email: typed, errors }, 400);
    }
    const token = ctx.params.token ?? '';
    if (!(await isStaffLink(db, token))) throw new RequestError('linkInvalid');
    const account = { email: email.data, passwordHash: await hashPassword(password) };
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

  async function showHome(ctx: Context) {
    const counts = await countByState(db);
    const states = machineStates().map((state) => ({ ...state, count: counts[state.state] ?? 0 }));
    showPage(ctx, ConsoleHomePage, { operator: ctx.state.staff!.email, states, temporalUiUrl });
  }

  const page = { kind: 'page' } as const;
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
    { ...page, method: 'get', path: '/console/login', audience: 'public', handle: (ctx) => showLogin(ctx) },
    { ...page, method: 'post', path: '/console/login', audience: 'public', body: credentialsForm, handle: submitLogin },
    { ...page, method: 'post', path: '/console/logout', audience: 'public', body: plainForm, handle: logOut },
    { ...page, method: 'get', path: '/console', audience: 'staff', handle: showHome },
  ];
}

/** The states a registration can stand in, in the machine's order. */
function machineStates(): { state: string; title: string; tags: string[] }[] {
  const nodes = Object.values(registrationMachine.root.states).flatMap((node) => {
    const inner = Object.values(node.states);
    return inner.length > 0 ? inner : [node];
  });
  return nodes.map((node) => ({
    state: node.key,
    title: (node.meta as StateMeta).title,
    tags: [...node.tags],
  }));
}
