import anyTest, { type TestFn } from 'ava';
import { type AppOptions, allRoutes } from '../../api/app.js';
import type { Audience, Route } from '../../api/http.js';
import { buildAdministrator, buildColleague, buildType } from '../builders/members.js';
import { buildAccount, buildEmail, buildLink } from '../builders/registrations.js';
import { BrowserSession } from '../helpers/browser-session.js';
import { type Stack, startStack } from '../helpers/stack.js';
import { buildStaff } from './console/fixtures.js';
import { logIn } from './fixtures/requests.js';

type Caller = 'anonymous' | 'user' | 'user-admin' | 'viewer' | 'operator' | 'admin';
const roles = ['viewer', 'operator', 'admin'] as const;
const test = anyTest as TestFn<{ stack: Stack; callers: Record<Caller, BrowserSession>; link: string }>;

test.before(async (t) => {
  const stack = await startStack();
  t.context.stack = stack;
  const administrator = await buildAdministrator(stack);
  const plain = await buildColleague(stack, administrator, { user_type_id: await buildType(stack, ['devices']) });
  const callers = {
    anonymous: new BrowserSession(stack.url),
    user: plain.browser,
    'user-admin': administrator.browser,
    viewer: (await buildStaff(stack, 'viewer')).browser,
    operator: (await buildStaff(stack, 'operator')).browser,
    admin: (await buildStaff(stack, 'admin')).browser,
  };
  Object.assign(t.context, { callers, link: await buildLink(stack, buildEmail()) });
});
test.after.always((t) => t.context.stack?.stop());

/** Who may call what (security.md A1). A route that is not here fails the test. */
const declared: Record<string, string[]> = {
  public: [
    'get /',
    'get /agreements/:document',
    'get /api/v1/agreements',
    'get /api/v1/openapi.json',
    'get /assets/*name',
    'get /console/login',
    'get /console/setup/:token',
    'get /healthz',
    'get /login',
    'get /password-reset',
    'get /password-reset/sent',
    'get /readyz',
    'get /register',
    'get /register/sent',
    'get /sign-in',
    'get /sign-in/create',
    'get /sign-in/return',
    'post /api/v1/password-resets',
    'post /api/v1/registrations',
    'post /api/v1/sessions',
    'post /console/login',
    'post /console/login/second-factor',
    'post /console/login/second-factor/passkey',
    'post /console/logout',
    'post /console/setup/:token',
    'post /language',
    'post /login',
    'post /login/second-factor',
    'post /login/second-factor/passkey',
    'post /logout',
    'post /password-reset',
    'post /register',
    'post /sign-in',
  ],
  link: [
    'get /api/v1/registration-links/:token',
    'get /email-change/:token',
    'get /password-reset/:token',
    'get /register/:token',
    'get /register/:token/cancel',
    'get /register/:token/join',
    'get /register/:token/processing',
    'post /api/v1/email-changes/:token',
    'post /api/v1/password-resets/:token',
    'post /api/v1/registration-links/:token/cancellation',
    'post /api/v1/registration-links/:token/submission',
    'post /email-change/:token',
    'post /password-reset/:token',
    'post /register/:token',
    'post /register/:token/cancel',
    'post /register/:token/draft',
    'post /register/:token/join',
    'put /api/v1/registration-links/:token/answers',
  ],
  user: [
    'delete /api/v1/me/email-change',
    'delete /api/v1/me/sessions/:id',
    'delete /api/v1/sessions/current',
    'get /account',
    'get /account/agreements',
    'get /account/agreements/accept',
    'get /account/data',
    'get /account/delete',
    'get /account/export',
    'get /account/profile',
    'get /account/second-factor',
    'get /account/second-factor/recovery-codes',
    'get /account/second-factor/recovery-codes/file',
    'get /account/second-factor/totp',
    'get /account/security',
    'get /api/v1/me',
    'get /api/v1/me/deletion',
    'get /api/v1/me/export',
    'get /api/v1/me/pending-agreements',
    'get /api/v1/me/sessions',
    'get /api/v1/organisation',
    'get /login/second-factor',
    'post /account/agreements/accept',
    'post /account/delete',
    'post /account/profile',
    'post /account/second-factor/confirm',
    'post /account/second-factor/passkeys',
    'post /account/second-factor/passkeys/:id/remove',
    'post /account/second-factor/passkeys/:id/rename',
    'post /account/second-factor/passkeys/options',
    'post /account/second-factor/recovery-codes',
    'post /account/second-factor/recovery-codes/stored',
    'post /account/second-factor/totp',
    'post /account/second-factor/totp/confirm',
    'post /account/second-factor/totp/remove',
    'post /account/security/email',
    'post /account/security/email/cancel',
    'post /account/security/password',
    'post /account/security/sessions/:id/end',
    'post /account/security/sessions/end-others',
    'post /api/v1/me/consents',
    'post /api/v1/me/deletion',
    'post /api/v1/me/email-change',
    'post /api/v1/sessions/current/second-factor',
    'post /login/second-factor/passkey-options',
    'put /api/v1/me',
    'put /api/v1/me/password',
  ],
  'user-admin': [
    'delete /api/v1/organisation/invitations/:id',
    'delete /api/v1/organisation/users/:id',
    'delete /api/v1/organisation/users/:id/sessions',
    'get /account/company',
    'get /account/invitations',
    'get /account/join-requests/:id',
    'get /account/users',
    'get /account/users/:id',
    'get /account/users/:id/remove',
    'get /api/v1/organisation/invitations',
    'get /api/v1/organisation/user-types',
    'get /api/v1/organisation/users',
    'get /api/v1/organisation/users/:id',
    'post /account/company',
    'post /account/invitations',
    'post /account/invitations/:id/resend',
    'post /account/invitations/:id/revoke',
    'post /account/join-requests/:id/approve',
    'post /account/join-requests/:id/decline',
    'post /account/users/:id/disable',
    'post /account/users/:id/enable',
    'post /account/users/:id/end-sessions',
    'post /account/users/:id/password-reset',
    'post /account/users/:id/remove',
    'post /account/users/:id/type',
    'post /api/v1/organisation/invitations',
    'post /api/v1/organisation/invitations/:id/resend',
    'post /api/v1/organisation/users/:id/password-reset',
    'put /api/v1/organisation',
    'put /api/v1/organisation/users/:id',
  ],
  machine: [
    'get /api/v1/customers',
    'get /api/v1/customers/:id',
    'get /api/v1/partners',
    'get /api/v1/partners/:id',
    'get /api/v1/registrations/:reference',
    'get /api/v1/users',
    'get /api/v1/users/:id',
    'get /api/v1/users/:id/pending-agreements',
  ],
  'staff-viewer': [
    'get /console',
    'get /console/agreements',
    'get /console/agreements/drafts/:id/preview',
    'get /console/agreements/versions/:id',
    'get /console/api-keys',
    'get /console/api-keys/new',
    'get /console/audit',
    'get /console/batches',
    'get /console/batches/:id',
    'get /console/login/second-factor',
    'get /console/onboarding',
    'get /console/partners',
    'get /console/partners/:id',
    'get /console/partners/:id/codes',
    'get /console/provider',
    'get /console/provider/list',
    'get /console/provider/tests',
    'get /console/provider/tests/:id',
    'get /console/registrations',
    'get /console/registrations/:reference',
    'get /console/registrations/:reference/:action',
    'get /console/second-factor',
    'get /console/second-factor/recovery-codes',
    'get /console/second-factor/recovery-codes/file',
    'get /console/second-factor/totp',
    'get /console/user-types',
    'get /console/user-types/:id',
    'get /console/users',
    'get /console/users/:id',
    'get /console/webhooks',
    'get /console/webhooks/:id',
    'get /console/webhooks/:id/secret',
    'get /console/webhooks/new',
    'post /console/login/second-factor/passkey-options',
    'post /console/second-factor/confirm',
    'post /console/second-factor/passkeys',
    'post /console/second-factor/passkeys/:id/remove',
    'post /console/second-factor/passkeys/:id/rename',
    'post /console/second-factor/passkeys/options',
    'post /console/second-factor/recovery-codes',
    'post /console/second-factor/recovery-codes/stored',
    'post /console/second-factor/totp',
    'post /console/second-factor/totp/confirm',
    'post /console/second-factor/totp/remove',
  ],
  'staff-operator': [
    'post /console/batches',
    'post /console/provider/tests',
    'post /console/registrations/:reference/approve',
    'post /console/registrations/:reference/assign-partner',
    'post /console/registrations/:reference/cancel',
    'post /console/registrations/:reference/correct-email',
    'post /console/registrations/:reference/decline',
    'post /console/registrations/:reference/extend',
    'post /console/registrations/:reference/resend',
    'post /console/registrations/:reference/retry',
    'post /console/registrations/:reference/reveal',
    'post /console/registrations/:reference/revoke-links',
    'post /console/users/:id/disable',
    'post /console/users/:id/enable',
    'post /console/users/:id/end-sessions',
    'post /console/users/:id/reset-second-factor',
    'post /console/users/:id/reveal',
    'post /console/users/:id/send-reset',
    'post /console/webhooks/:id/deliveries/:deliveryId/replay',
    'post /console/webhooks/:id/ping',
    'post /console/webhooks/:id/replay',
  ],
  'staff-admin': [
    'get /console/agreements/drafts/:id',
    'get /console/applications',
    'get /console/applications/:id',
    'get /console/applications/:id/secret',
    'get /console/applications/new',
    'get /console/audit/export',
    'get /console/partners/:id/edit',
    'get /console/partners/new',
    'get /console/staff',
    'get /console/user-types/new',
    'post /console/agreements/drafts',
    'post /console/agreements/drafts/:id',
    'post /console/agreements/drafts/:id/delete',
    'post /console/agreements/drafts/:id/publish',
    'post /console/agreements/versions/:id/export',
    'post /console/api-keys/:id/revoke',
    'post /console/api-keys/new',
    'post /console/applications/:id',
    'post /console/applications/:id/disable',
    'post /console/applications/:id/enable',
    'post /console/applications/:id/secret',
    'post /console/applications/new',
    'post /console/onboarding',
    'post /console/partners/:id/codes',
    'post /console/partners/:id/codes/:codeId/revoke',
    'post /console/partners/:id/disable',
    'post /console/partners/:id/edit',
    'post /console/partners/:id/enable',
    'post /console/partners/new',
    'post /console/provider',
    'post /console/provider/list',
    'post /console/staff/:id/disable',
    'post /console/staff/:id/enable',
    'post /console/staff/:id/reset-second-factor',
    'post /console/staff/:id/role',
    'post /console/staff/invitations',
    'post /console/staff/invitations/resend',
    'post /console/staff/invitations/revoke',
    'post /console/user-types',
    'post /console/user-types/:id',
    'post /console/user-types/:id/delete',
    'post /console/webhooks/:id',
    'post /console/webhooks/:id/delete',
    'post /console/webhooks/:id/disable',
    'post /console/webhooks/:id/enable',
    'post /console/webhooks/:id/secret',
    'post /console/webhooks/new',
  ],
};

/** The routes as the product has them; their handlers are not called. */
const routes = allRoutes({
  services: {},
  publicUrl: 'https://example.com',
  secure: true,
  trustedProxies: [],
} as unknown as AppOptions);
const nameOf = ({ method, path }: Route) => `${method} ${path}`;

test('every route has the audience that is declared for it', (t) => {
  const found: Record<string, string[]> = Object.fromEntries(Object.keys(declared).map((audience) => [audience, []]));
  for (const route of routes) found[route.audience]?.push(nameOf(route));
  for (const names of [...Object.values(found), ...Object.values(declared)]) names.sort();
  t.deepEqual(found, declared);
});

test('every route that changes something takes a closed object, or nothing at all', (t) => {
  for (const route of routes.filter(({ method }) => method !== 'get')) {
    if (route.method === 'delete') t.is(route.body, undefined, nameOf(route));
    else t.false(route.body?.safeParse({ isAdmin: true }).success, nameOf(route));
  }
});

const unreal = {
  ':id': '00000000-0000-4000-8000-000000000000',
  ':reference': 'RG-0000-0000',
  ':token': 'x'.repeat(43),
  ':document': 'terms',
  '*name': 'app.css',
};
const pathOf = ({ path }: Route) =>
  Object.entries(unreal).reduce((filled, [name, value]) => filled.replace(name, value), path);

/** What each caller meets at each audience: only that nobody gets where they do not belong. */
async function call(browser: BrowserSession, route: Route, caller: Caller) {
  const withForm = {
    anonymous: '/login',
    user: '/account',
    'user-admin': '/account',
    viewer: '/console',
    operator: '/console',
    admin: '/console',
  }[caller];
  const page = await browser.get(browser.cookies.size > 0 ? withForm : '/login');
  if (route.kind === 'page' && route.method === 'post') return browser.post(pathOf(route), {}, page);
  const body = route.method === 'get' ? undefined : {};
  return browser.json(route.method.toUpperCase(), pathOf(route), body);
}

/** Who of all callers may: staff of the role or a higher one, users, their administrators, or everybody. */
function mayCall(audience: Audience, caller: Caller): boolean {
  if (audience === 'user') return caller === 'user' || caller === 'user-admin';
  if (!audience.startsWith('staff-')) return audience === 'public' || audience === 'link' || audience === caller;
  return roles.indexOf(caller as never) >= roles.indexOf(audience.slice('staff-'.length) as never);
}

for (const route of routes) {
  const { audience, kind, method } = route;
  const isStaffs = audience.startsWith('staff-');
  // One after the other: hundreds of requests at once would measure how the service sheds load.
  test.serial(`${nameOf(route)} is for: ${audience}`, async (t) => {
    for (const caller of ['anonymous', 'user', 'user-admin', ...roles] as const) {
      const browser = new BrowserSession(t.context.stack.url);
      for (const [name, value] of t.context.callers[caller].cookies)
        if (!route.path.endsWith('logout') && nameOf(route) !== 'delete /api/v1/sessions/current')
          browser.cookies.set(name, value);
      if (audience === 'user' && method === 'delete' && mayCall(audience, caller)) continue; // ends the shared session
      const answer = await call(browser, route, caller);
      if (mayCall(audience, caller)) t.true(![401, 403, 500].includes(answer.status), `${caller}: ${answer.status}`);
      else if (isStaffs && roles.includes(caller as never)) t.is(answer.status, 403, caller);
      else if (audience === 'user-admin' && caller === 'user') t.is(answer.status, 403, caller);
      else if (kind === 'page' && method === 'get')
        t.is(answer.location, isStaffs ? '/console/login' : '/login', caller);
      else if (route.againLeadsTo) t.is(answer.location, route.againLeadsTo, caller);
      else t.is(answer.status, 401, caller);
      if (audience === 'link') t.true([400, 404].includes(answer.status), `${caller}: ${answer.status}`);
    }
  });
}

test('a user ends their own session, and only that one', async (t) => {
  const { stack, callers } = t.context;
  const { email } = await buildAccount(stack);
  const [one, two] = [await logIn(stack.url, email), await logIn(stack.url, email)];
  t.is((await one.json('DELETE', '/api/v1/sessions/current')).status, 204);
  t.is((await one.json('GET', '/api/v1/me')).status, 401);
  for (const other of [two, callers.user]) t.is((await other.json('GET', '/api/v1/me')).status, 200);
});

test('the entry leads to the login page, and a signed-in person from there to the account', async (t) => {
  const { callers } = t.context;
  t.is((await callers.anonymous.get('/')).location, '/login');
  t.is((await callers.user.get('/login')).location, '/account');
  t.is((await callers.viewer.get('/console/login')).location, '/console');
  t.is((await callers.user.get('/console/login')).status, 200);
});
