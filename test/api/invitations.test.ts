/** Invitations by administrators (security.md A7 to A13, C5, E8, §7): what is fixed, what is told, what still counts. */
import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import { choosePort } from '../../dev/ports.js';
import { type BuiltInviter, buildInviter, buildType, invitations, invite, listed } from '../builders/invitations.js';
import { changeSettings, engineKnowsOfMail, inState, linksTo, mailsTo, registrationOf } from '../builders/journeys.js';
import { buildAccount, buildEmail, buildLink, submitLink } from '../builders/registrations.js';
import { BrowserSession } from '../helpers/browser-session.js';
import { eventually } from '../helpers/eventually.js';
import { inv } from '../helpers/invariants.js';
import { reconcileNow } from '../helpers/reconcile.js';
import { assertSameTime } from '../helpers/same-time.js';
import { apiIsReady, type Stack, startStack } from '../helpers/stack.js';
import { buildStaff } from './console/fixtures.js';
import { logIn } from './fixtures/requests.js';

interface Context {
  stack: Stack;
  inviter: BuiltInviter;
  type: string;
}
const test = anyTest as TestFn<Context>;

test.before(async (t) => {
  const stack = await startStack({}, { keepsTemporal: true });
  Object.assign(t.context, { stack, inviter: await buildInviter(stack), type: await buildType(stack) });
});
test.after.always((t) => t.context.stack?.stop());

const userOf = ({ stack }: Context, email: string) => stack.db('users').where({ email }).first();
const accept = ({ stack }: Context, link: string, fields = {}) =>
  submitLink(new BrowserSession(stack.url), link, fields);

/** Invites an address that nobody knows; resolves with the link in its mail when the engine knows that it went out. */
async function invited({ context }: ExecutionContext<Context>, email = buildEmail('invited')) {
  const { stack, inviter, type } = context;
  await invite(inviter, email, type);
  const [link] = await linksTo(stack, email);
  await engineKnowsOfMail(stack, email);
  return { email, link: link!, id: (await listed(inviter, email))!.id };
}

test.serial(
  'an invitation fixes e-mail, organisation and type, and only its mailbox gets the link (A8, A9)',
  async (t) => {
    const { stack, inviter, type } = t.context;
    const email = buildEmail('invited');
    const answer = await invite(inviter, email.toUpperCase(), type);
    t.is(answer.status, 202);
    const [link] = await linksTo(stack, email);
    t.regex(mailsTo(stack, email)[0]!.text, /Organisation: Acme GmbH\n\nInvited by: Ann O[’']Brien/);
    t.like(await listed(inviter, email), { state: 'pending', email });

    const page = await new BrowserSession(stack.url).get(link!);
    t.true(page.text.includes('Acme GmbH'));
    for (const field of ['companyName', 'partnerCode', 'kind']) t.false(page.text.includes(`name="${field}"`), field);
    for (const forged of ['userTypeId', 'customerId', 'email'])
      t.is((await accept(t.context, link!, { [forged]: type })).status, 400, forged);
    const elsewhere = { companyName: 'Elsewhere' };
    t.is((await accept(t.context, link!, { kind: 'customer', ...elsewhere })).status, 409);
    t.is((await accept(t.context, link!, elsewhere)).location, '/login');

    t.like(await userOf(t.context, email), { customer_id: inviter.customerId, user_type_id: type, given_name: 'Ann' });
    t.is((await stack.db('customers').where({ name: 'Elsewhere' })).length, 0);
    t.is(await listed(inviter, email), undefined, 'who has come stands among the users');
    const { browser: staff } = await buildStaff(stack, 'admin');
    const found = await staff.get(`/console/registrations?kind=invited&email=${encodeURIComponent(email)}`);
    t.true(found.text.includes((await stack.db('registrations').where({ kind: 'invited' }).first()).reference));
    const told = [answer, await inviter.browser.json('GET', invitations), found, await staff.get('/console/audit')];
    const texts = [
      ...told.map(({ text }) => text),
      (await staff.get('/console/audit/export')).text,
      await stack.logs(),
    ];
    const token = link!.split('/').at(-1)!;
    for (const text of texts) t.false(text.includes(token));
    const lines = await stack.db('audit_log').where({ user_id: inviter.userId });
    t.deepEqual(
      lines.map(({ action }) => action),
      ['user.invited'],
    );
    t.false(JSON.stringify(lines).includes(email), 'nothing personal in the log');
  },
);

test.serial(
  'the answer and the entry are the same for an address with an account, or a registration, elsewhere (E8, A13)',
  async (t) => {
    const { stack, inviter, type } = t.context;
    const unknown = buildEmail('unknown');
    const known = buildEmail('known');
    const half = buildEmail('half');
    await buildAccount(stack, known, { companyName: 'Elsewhere' });
    const session = await logIn(stack.url, known);
    const before = await userOf(t.context, known);
    const own = await buildLink(stack, half);
    const other = await buildInviter(stack, 'Rival Ltd');
    const rival = buildEmail('rival');
    await invite(other, rival, type);
    const { email: staffEmail } = await buildStaff(stack, 'viewer');

    const emails = [unknown, known, half, rival, staffEmail];
    const answers = [];
    for (const email of emails) answers.push(await invite(inviter, email, type));
    for (const { status, text } of answers)
      t.deepEqual([status, text.replace(/[\w-]{36}/, '')], [202, answers[0]!.text.replace(/[\w-]{36}/, '')]);
    await inState(stack, known, 'alreadyRegistered');
    await inState(stack, unknown, 'awaitingProof');
    const entries = await Promise.all(emails.map((email) => listed(inviter, email)));
    for (const entry of entries) t.is(entry?.state, 'pending');
    t.is(new Set(entries.map((entry) => Object.keys(entry!).join())).size, 1);

    const subjects = async (email: string, count: number) => {
      await eventually(`mails to ${email}`, () => mailsTo(stack, email).length >= count);
      return mailsTo(stack, email).at(-1)!.subject;
    };
    t.regex(await subjects(known, 2), /have a Vestibule account already/);
    t.regex(await subjects(half, 2), /registering yourself/);
    t.regex(await subjects(rival, 2), /registering yourself/);
    t.deepEqual(await userOf(t.context, known), before);
    t.is((await session.json('GET', '/api/v1/me')).status, 200);
    t.like(await registrationOf(stack, half), { kind: 'customer', ended_at: null });

    // The person decides: who ends their own registration gets the invitation instead.
    const browser = new BrowserSession(stack.url);
    await browser.post(`${own}/cancel`, {}, await browser.get(`${own}/cancel`));
    await inState(stack, half, 'cancelled');
    await reconcileNow(stack);
    await reconcileNow(stack);
    const links = await eventually('the link', () => {
      const [mail] = mailsTo(stack, half).slice(2);
      return mail && linksIn(mail.text);
    });
    t.is((await accept(t.context, links!.slice(stack.url.length))).location, '/login');
    t.is((await userOf(t.context, half)).customer_id, inviter.customerId);
  },
);

test.serial('nor does the time that the answer takes tell of an account elsewhere (E8)', async (t) => {
  const { stack, inviter, type } = t.context;
  // An address can be invited once only, so there is one of each for every call of the comparison, the longer look included.
  const elsewhere = await buildInviter(stack, 'Elsewhere Ltd');
  const known = Array.from({ length: 100 }, () => buildEmail('known'));
  await stack.db.raw(
    `insert into users (customer_id, user_type_id, email, given_name, family_name, language, password_hash)
      select customer_id, user_type_id, added.email, 'Ann', 'Other', 'en', password_hash
        from users u, unnest(?::text[]) as added(email) where u.id = ?`,
    [known, elsewhere.userId],
  );
  const inviteOne = async (email = buildEmail('unknown')) => t.is((await invite(inviter, email, type)).status, 202);
  await assertSameTime(
    t,
    10,
    () => inviteOne(),
    () => inviteOne(known.pop()!),
  );
});

const linksIn = (text: string) => /http\S+\/register\/[\w-]{43}(?=\s)/.exec(text)?.[0];

test.serial(
  'the address alone, unproven, opens no invitation; nor does the link act for whoever is logged in (A10)',
  async (t) => {
    const { stack, inviter } = t.context;
    const { id, email, link } = await invited(t);
    // An administrator elsewhere, who claims the address as their own and has proven nothing.
    const claimant = await buildInviter(stack, 'Claimant Ltd');
    const before = await userOf(t.context, claimant.email);
    const change = { user_id: claimant.userId, new_email: email, token_hash: Buffer.from('x') };
    await stack.db('email_changes').insert({ ...change, expires_at: new Date(Date.now() + 3_600_000) });
    t.false((await claimant.browser.json('GET', invitations)).text.includes(email));
    t.is((await claimant.browser.json('POST', `${invitations}/${id}/resend`, {})).status, 404);
    t.is((await claimant.browser.json('DELETE', `${invitations}/${id}`)).status, 404);
    for (const guess of [id, (await registrationOf(stack, email)).reference])
      t.is(
        (await claimant.browser.get(`/register/${guess}`)).status,
        (await new BrowserSession(stack.url).get('/register/x')).status,
      );
    // With the link the invited person gets the account, whoever is logged in in that browser.
    t.is((await submitLink(claimant.browser, link)).location, '/login');
    t.like(await userOf(t.context, email), { customer_id: inviter.customerId });
    t.deepEqual(await userOf(t.context, claimant.email), before);
  },
);

test.serial('only own invitations, only types of the own kind, and no right above the own (A2, A7)', async (t) => {
  const { stack, inviter, type } = t.context;
  const above = await buildType(stack, ['customer_account_administrator', 'billing']);
  const ofPartners = await buildType(stack, [], 'partner');
  for (const wrong of [above, ofPartners, '00000000-0000-4000-8000-000000000000']) {
    const answer = await invite(inviter, buildEmail(), wrong);
    t.deepEqual([answer.status, answer.json().fields], [400, { userTypeId: 'userTypeNotAllowed' }]);
  }
  const { id, email } = await invited(t);
  const again = await invite(inviter, email, type);
  t.deepEqual([again.status, again.json().fields], [400, { email: 'alreadyInvited' }]);
  const member = await invite(inviter, inviter.email, type);
  t.deepEqual(member.json().fields, { email: 'alreadyMember' });

  const other = await buildInviter(stack, 'Rival Ltd');
  for (const [method, path, body] of [
    ['POST', `${invitations}/${id}/resend`, {}],
    ['DELETE', `${invitations}/${id}`, undefined],
    ['DELETE', `${invitations}/nothing`, undefined],
  ] as const)
    t.is((await other.browser.json(method, path, body)).status, 404);
  t.is((await other.browser.json('GET', invitations)).text.includes(email), false);
  t.is((await listed(inviter, email))?.state, 'pending');
});

test.serial(
  'a replaced, revoked or used link is refused, and what was revoked leaves nothing behind (A11)',
  async (t) => {
    const { stack, inviter } = t.context;
    const { id, email, link } = await invited(t);
    t.is((await inviter.browser.json('POST', `${invitations}/${id}/resend`, {})).status, 202);
    const [, fresh] = await linksTo(stack, email, 2);
    await inState(stack, email, 'awaitingProof');
    t.is((await accept(t.context, fresh!, { givenName: '' })).status, 400, 'the new one opens the page');
    t.is((await new BrowserSession(stack.url).get(link)).status, 410, 'the earlier one is dead');

    const used = await accept(t.context, fresh!);
    t.is(used.location, '/login');
    const { status, text } = await new BrowserSession(stack.url).get(fresh!);
    t.deepEqual([status, text.includes(email)], [200, false], 'it says that the account is there, and nothing of it');
    t.is((await stack.db('users').where({ email })).length, 1);

    const revoked = await invited(t);
    const open = new BrowserSession(stack.url);
    const page = await open.get(revoked.link);
    t.is((await inviter.browser.json('DELETE', `${invitations}/${revoked.id}`)).status, 204);
    t.is((await inviter.browser.json('DELETE', `${invitations}/${revoked.id}`)).status, 404, 'once');
    t.true((await accept(t.context, revoked.link).catch(() => ({ status: 410 }))).status >= 400);
    const late = await open.post(revoked.link, { password: 'correct horse battery staple' }, page);
    t.is(late.status, 410);
    await inState(stack, revoked.email, 'cancelled');
    t.is(await userOf(t.context, revoked.email), undefined);
    t.is(await listed(inviter, revoked.email), undefined);
    // By another way: an account of their own.
    await submitLink(new BrowserSession(stack.url), await buildLink(stack, revoked.email));
    t.not((await userOf(t.context, revoked.email)).customer_id, inviter.customerId);
  },
);

test.serial('what the invitation rests on is looked at again when the person comes (A11, A12)', async (t) => {
  const { stack } = t.context;
  const { db } = stack;
  const demoted = await buildInviter(stack, 'Demoted Ltd');
  const type = await buildType(stack, ['customer_account_administrator']);
  const plain = await buildType(stack);
  const admin = await userOf(t.context, demoted.email);
  const faults: Record<string, () => Promise<unknown>> = {
    demoted: () => db('users').where({ id: admin.id }).update({ user_type_id: plain }),
    disabled: () => db('users').where({ id: admin.id }).update({ disabled_at: new Date() }),
    'above own': () =>
      db('user_types')
        .where({ id: type })
        .update({ permissions: ['customer_account_administrator', 'x'] }),
    'of another kind': () => db('user_types').where({ id: type }).update({ kind: 'partner' }),
    expired: () => db('invitations').where({ user_type_id: type, ended_at: null }).update({ expires_at: new Date() }),
  };
  for (const [fault, happen] of Object.entries(faults)) {
    const email = buildEmail('vain');
    await invite(demoted, email, type);
    const [link] = await linksTo(stack, email);
    await inState(stack, email, 'awaitingProof');
    const person = new BrowserSession(stack.url);
    const page = await person.get(link!);
    t.is(page.status, 200, fault);
    await happen();
    t.is((await new BrowserSession(stack.url).get(link!)).status, 410, `${fault}: the page says so`);
    // Straight to the engine, past the page's own look.
    await submitPast(t.context, email);
    await inState(stack, email, 'cancelled');
    t.is((await registrationOf(stack, email)).problem, 'invitationVoid');
    t.is(await userOf(t.context, email), undefined, fault);
    await db('users').where({ id: admin.id }).update({ user_type_id: admin.user_type_id, disabled_at: null });
    await db('user_types')
      .where({ id: type })
      .update({ kind: 'customer', permissions: ['customer_account_administrator'] });
    const back = { ...demoted, browser: await logIn(stack.url, demoted.email) };
    t.is((await listed(back, email))?.state, 'void', `${fault}: the inviter sees it`);
  }
});

/** A submission of which the page was drawn before everything changed. */
async function submitPast({ stack }: Context, email: string): Promise<void> {
  const { id, reference } = await registrationOf(stack, email);
  await stack.db('registrations').where({ id }).update({ proven_at: new Date() });
  const versions = await stack.db('agreement_versions').pluck('id');
  const [submission] = await stack
    .db('registration_submissions')
    .insert({
      registration_id: id,
      idempotency_key: 'past',
      kind: 'invited',
      answers: JSON.stringify({ givenName: 'Ann', familyName: 'Late' }),
      password_hash: '$argon2id$made-up',
      agreement_version_ids: versions,
      language: 'en',
    })
    .returning('id');
  const event = { type: 'SUBMITTED', submissionId: submission.id, kind: 'invited', actor: 'registrant' };
  await stack.temporal.workflow.getHandle(`registration-${reference}`).signal('registrationEvent', event);
}

test.serial('two devices, and a registration of one’s own beside it, make one user (C5, C2)', async (t) => {
  const { stack, inviter } = t.context;
  t.teardown(await changeSettings(stack, { resend_cooldown_seconds: 0 }));
  const { email, link } = await invited(t);
  const own = await buildLink(stack, email);
  t.is((await registrationOf(stack, email)).kind, 'invited', 'who enters the address goes on with the invitation');
  const answers = await Promise.all([link, own, link, own].map((way) => accept(t.context, way)));
  for (const { status, location } of answers)
    t.true(location === '/login' || /\/processing$/.test(location ?? ''), `${status} ${location}`);
  await inState(stack, email, 'completed');
  t.is((await stack.db('users').where({ email })).length, 1);
  t.is((await userOf(t.context, email)).customer_id, inviter.customerId);
});

test.serial('onboarding that is switched off keeps out strangers, not whom an administrator invites', async (t) => {
  const { stack } = t.context;
  await stack.db('settings').update({ customer_onboarding: false, customer_approval: true });
  t.teardown(() => stack.db('settings').update({ customer_onboarding: true, customer_approval: false }));
  const { email, link } = await invited(t);
  t.is((await accept(t.context, link)).location, '/login');
  t.truthy(await userOf(t.context, email));
});

test.serial('who declines ends it, and the inviter sees that and can invite once more', async (t) => {
  const { stack, inviter } = t.context;
  const { id, email, link } = await invited(t);
  const person = new BrowserSession(stack.url);
  await person.post(`${link}/cancel`, {}, await person.get(`${link}/cancel`));
  await inState(stack, email, 'cancelled');
  t.is((await listed(inviter, email))?.state, 'declined');
  t.is((await inviter.browser.json('POST', `${invitations}/${id}/resend`, {})).status, 202);
  const [, fresh] = await linksTo(stack, email, 2);
  t.is((await accept(t.context, fresh!)).location, '/login');
});

test.serial(
  'invited while Temporal is away, or with the worker killed, the mail comes when they are back',
  async (t) => {
    const { stack, inviter, type } = t.context;
    const [away, revoked, killed] = [buildEmail('away'), buildEmail('revoked'), buildEmail('killed')];
    await stack.stopTemporal();
    t.is((await invite(inviter, away, type)).status, 202);
    await invite(inviter, revoked, type);
    t.is((await listed(inviter, away))?.state, 'pending');
    const { id } = (await listed(inviter, revoked))!;
    t.is((await inviter.browser.json('DELETE', `${invitations}/${id}`)).status, 204);
    await stack.startTemporal();
    await eventually('the reconciler gets through', () => reconcileNow(stack).then(() => true));
    await apiIsReady(stack);
    await stack.worker.kill('SIGKILL');
    t.is((await invite(inviter, killed, type)).status, 202);
    stack.worker = await stack.startWorker();
    for (const email of [away, killed]) {
      const [link] = await linksTo(stack, email);
      // Temporal may still be missing the killed worker: then the person is shown the page to wait on.
      t.regex((await accept(t.context, link!)).location ?? '', /^\/login$|\/processing$/);
      await inState(stack, email, 'completed');
    }
    await reconcileNow(stack);
    await inState(stack, revoked, 'cancelled');
    t.is(mailsTo(stack, revoked).length, 0, 'what was revoked before it was sent is not sent');
  },
);

test.serial(
  'an organisation invites fifty times a day, and a mailbox gets no more mail than it may (L1)',
  async (t) => {
    const { stack, inviter, type } = t.context;
    const port = await choosePort(0);
    const limits = { LIMITS: 'invitationsPerOrganisation=3,mailsPerMailboxMinute=1', PORT: String(port) };
    const api = await stack.startApi(limits);
    t.teardown(() => api.kill('SIGTERM'));
    const limited = { ...inviter, browser: new BrowserSession(`http://localhost:${port}`) };
    for (const [name, value] of inviter.browser.cookies) limited.browser.cookies.set(name, value);
    await stack.db('rate_limits').delete();
    const email = buildEmail('often');
    const first = await invite(limited, email, type);
    await linksTo(stack, email);
    const { id } = first.json<{ id: string }>();
    const again = await limited.browser.json('POST', `${invitations}/${id}/resend`, {});
    t.deepEqual([again.status, again.text], [first.status, first.text], 'the same answer');
    t.is(mailsTo(stack, email).length, 1);
    const [link] = await linksTo(stack, email);
    t.is((await new BrowserSession(stack.url).get(link!)).status, 200, 'without a new mail the link lives on');
    t.is((await invite(limited, buildEmail(), type)).status, 202);
    const refused = await invite(limited, buildEmail(), type);
    t.deepEqual([refused.status, refused.json().code], [429, 'tooManyAttempts']);
    t.truthy(refused.headers.get('retry-after'));
  },
);

test.serial('when all is done, everything holds that must hold', async (t) => {
  await inv(t.context.stack.db, t.context.stack.temporal);
  t.pass();
});
