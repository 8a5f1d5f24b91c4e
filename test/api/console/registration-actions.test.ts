import { randomUUID } from 'node:crypto';
import anyTest, { type TestFn } from 'ava';
import { actions } from '../../../api/pages/console/registration-detail-model.js';
import { registrationWorkflowId } from '../../../workflows/messages.js';
import { inState, mailsTo, says } from '../../builders/journeys.js';
import { buildEmail, linkIn } from '../../builders/registrations.js';
import { type Answer, BrowserSession, hiddenField } from '../../helpers/browser-session.js';
import { eventually } from '../../helpers/eventually.js';
import { type Stack, startStack } from '../../helpers/stack.js';
import { type BuiltStaff, buildStaff } from './fixtures.js';
import {
  act,
  auditOf,
  type BuiltRegistration,
  buildBlocked,
  buildParked,
  buildUnapproved,
  buildWaiting,
  eventRecorded,
  eventsOf,
  offers,
} from './registration-fixtures.js';

type Staff = Record<'viewer' | 'operator' | 'admin', BuiltStaff>;
const test = anyTest as TestFn<{ stack: Stack; staff: Staff }>;

test.before(async (t) => {
  const stack = await startStack({}, { keepsTemporal: true });
  t.context.stack = stack;
  const [viewer, operator, admin] = [
    await buildStaff(stack, 'viewer'),
    await buildStaff(stack, 'operator'),
    await buildStaff(stack, 'admin'),
  ];
  t.context.staff = { viewer, operator, admin };
});
test.after.always((t) => t.context.stack?.stop());

const reason = 'asked for on the phone';
const row = (stack: Stack, { id }: BuiltRegistration) => stack.db('registrations').where({ id }).first();

/** Follows the redirect of an action that was carried out; the page says so. */
async function assertDone(
  t: { is: (one: unknown, other: unknown, why?: string) => void },
  browser: BrowserSession,
  answer: Answer,
  path: string,
  key: string,
) {
  t.is(answer.status, 303, answer.text.slice(0, 3_000));
  t.is(answer.location, path);
  t.is(says(await browser.get(path), `registrations.done.${key}`), true, key);
  // Once: the next page is about something else.
  t.is(says(await browser.get(path), `registrations.done.${key}`), false, key);
}

test.serial(
  'no action is there for viewers, customers and strangers, and none of theirs does anything (A15)',
  async (t) => {
    const { stack, staff } = t.context;
    const registration = await buildWaiting(stack);
    const shown = await staff.viewer.browser.get(registration.path);
    const before = await eventsOf(stack, registration);
    for (const action of actions) {
      t.false(offers(shown, action), action);
      const fields = { idempotencyKey: randomUUID(), reason, email: buildEmail(), partnerId: randomUUID() };
      const path = `${registration.path}/${action}`;
      t.is((await staff.viewer.browser.post(path, fields, shown)).status, 403, action);
      const stranger = new BrowserSession(stack.url);
      t.is((await stranger.post(path, fields)).status, 401, action);
    }
    t.deepEqual(await eventsOf(stack, registration), before);
    t.deepEqual(await auditOf(stack, registration.reference), []);
    const page = await staff.admin.browser.get(registration.path);
    t.true(offers(page, 'cancel'));
  },
);

test.serial('nobody of staff can prove or submit in a person’s stead (A16)', async (t) => {
  const { stack, staff } = t.context;
  const registration = await buildWaiting(stack);
  const page = await staff.admin.browser.get(registration.path);
  for (const action of ['prove', 'proven', 'submit', 'submitted', 'draft', 'complete'])
    t.true([404, 405].includes((await staff.admin.browser.post(`${registration.path}/${action}`, {}, page)).status));
  t.false(/\/register\/[\w-]{43}/.test(page.text));
  t.is((await row(stack, registration)).state, 'awaitingProof');
});

test.serial('only what the machine takes now is offered', async (t) => {
  const { stack, staff } = t.context;
  const offered = async ({ path }: BuiltRegistration) => {
    const page = await staff.operator.browser.get(path);
    return actions.filter(
      (action) => offers(page, action) || (action === 'assign-partner' && page.text.includes('name="partner"')),
    );
  };
  t.deepEqual(await offered(await buildWaiting(stack)), [
    'resend',
    'correct-email',
    'extend',
    'revoke-links',
    'cancel',
  ]);
  t.deepEqual(await offered(await buildBlocked(stack)), ['retry', 'revoke-links', 'cancel']);
  t.deepEqual(await offered(await buildUnapproved(stack)), ['approve', 'decline', 'revoke-links', 'cancel']);
  t.deepEqual(await offered(await buildParked(stack)), ['retry', 'assign-partner', 'revoke-links', 'cancel']);
});

test.serial('retry goes on where it is stuck; the audit log has who, why and what came of it', async (t) => {
  const { stack, staff } = t.context;
  const registration = await buildBlocked(stack);
  const { browser, id } = staff.operator;
  const answer = await act(browser, registration, 'retry', { reason });
  await inState(stack, registration.email, 'completed');
  await assertDone(t, browser, answer, registration.path, 'retry');
  const [line, ...more] = await auditOf(stack, registration.reference);
  t.like(line, { action: 'registration.retry', staff_id: id, reason, subject_type: 'registration' });
  t.like(line.after, { result: 'taken' });
  t.truthy(line.source);
  t.deepEqual(more, []);
});

test.serial('two clicks at once are one event and one line of the audit log', async (t) => {
  const { stack, staff } = t.context;
  const registration = await buildWaiting(stack);
  const { browser } = staff.operator;
  const page = await browser.get(registration.path);
  const fields = { idempotencyKey: hiddenField(page.text, 'idempotencyKey'), reason };
  const post = () => browser.post(`${registration.path}/extend`, fields, page);
  const answers = await Promise.all([post(), post(), post()]);
  t.deepEqual(
    answers.map(({ status }) => status),
    [303, 303, 303],
  );
  await eventRecorded(stack, registration, 'EXTEND');
  t.is((await eventsOf(stack, registration)).filter((event) => event === 'EXTEND').length, 1);
  t.is((await auditOf(stack, registration.reference)).length, 1);
});

test.serial('extend lets the lifetime start anew, for the machine and for what the person reads', async (t) => {
  const { stack, staff } = t.context;
  const registration = await buildWaiting(stack);
  await stack
    .db('registrations')
    .where({ id: registration.id })
    .update({ expires_at: new Date(Date.now() + 60_000) });
  const { browser } = staff.operator;
  await assertDone(t, browser, await act(browser, registration, 'extend'), registration.path, 'extend');
  const { expires_at } = await row(stack, registration);
  const week = 7 * 24 * 3_600_000;
  t.true(Math.abs(expires_at.getTime() - Date.now() - week) < 60_000);
  await eventRecorded(stack, registration, 'EXTEND');
});

test.serial('cancel needs a reason, ends the registration, and is refused the second time', async (t) => {
  const { stack, staff } = t.context;
  const registration = await buildWaiting(stack);
  const { browser } = staff.operator;
  for (const [bad, key] of [
    ['', 'fieldErrors.required'],
    ['x'.repeat(301), 'fieldErrors.tooLong'],
    ['a\u0000b', 'fieldErrors.invalidCharacters'],
  ] as const) {
    const answer = await act(browser, registration, 'cancel', { reason: bad });
    t.is(answer.status, 400, key);
    t.true(says(answer, key), key);
  }
  t.deepEqual(await auditOf(stack, registration.reference), []);
  await assertDone(t, browser, await act(browser, registration, 'cancel', { reason }), registration.path, 'cancel');
  t.is((await row(stack, registration)).state, 'cancelled');
  const again = await act(browser, registration, 'cancel', { reason });
  t.is(again.status, 409);
  t.true(says(again, 'registrations.problemTitle'));
  const results = (await auditOf(stack, registration.reference)).map(({ after }) => after.result);
  t.deepEqual(results, ['taken', 'ended']);
});

test.serial('what the machine does not take any more is refused, said and not claimed in the audit log', async (t) => {
  const { stack, staff } = t.context;
  const registration = await buildWaiting(stack);
  const answer = await act(staff.operator.browser, registration, 'approve', { reason });
  t.is(answer.status, 409);
  t.true(answer.text.includes('Nothing was changed'));
  t.true(answer.text.includes('data-live'));
  t.like(await auditOf(stack, registration.reference), [
    { action: 'registration.approve', after: { result: 'refused' } },
  ]);
});

test.serial('approve makes the account, decline ends it', async (t) => {
  const { stack, staff } = t.context;
  const { browser } = staff.operator;
  const [wanted, unwanted] = [await buildUnapproved(stack), await buildUnapproved(stack)];
  await act(browser, wanted, 'approve');
  await inState(stack, wanted.email, 'completed');
  t.is((await act(browser, unwanted, 'decline')).status, 400);
  await assertDone(t, browser, await act(browser, unwanted, 'decline', { reason }), unwanted.path, 'decline');
  t.is((await row(stack, unwanted)).state, 'declined');
  t.is(await stack.db('users').where({ email: unwanted.email }).first(), undefined);
  t.false(
    JSON.stringify(await stack.db('registration_events').where({ registration_id: unwanted.id })).includes(reason),
  );
});

test.serial('a partner is found by the start of its name and assigned, unless it is disabled', async (t) => {
  const { stack, staff } = t.context;
  const { browser } = staff.operator;
  const registration = await buildParked(stack);
  const mark = randomUUID();
  const partner = (name: string, more = {}) =>
    stack
      .db('partners')
      .insert({ name: `${mark} ${name}`, origin: 'console', ...more })
      .returning('id');
  const [[right], [disabled]] = [
    await partner('<b>Right</b>'),
    await partner('Disabled', { disabled_at: new Date() }),
  ] as [{ id: string }[], { id: string }[]];
  const found = await browser.get(`${registration.path}?partner=${mark.toUpperCase()}`);
  t.true(found.text.includes(right!.id));
  t.true(found.text.includes('&lt;b>Right&lt;/b>') || found.text.includes('&lt;b&gt;Right'));
  t.false(found.text.includes(disabled!.id));
  t.true(
    says(await browser.get(`${registration.path}?partner=%00nobody`), 'registrations.actions.assign-partner.notFound'),
  );
  for (const partnerId of ['', 'x', randomUUID(), disabled!.id])
    t.is((await act(browser, registration, 'assign-partner', { partnerId })).status, 400, partnerId);
  await act(browser, registration, 'assign-partner', { partnerId: right!.id });
  await inState(stack, registration.email, 'completed');
  const user = await stack.db('users').where({ email: registration.email }).first();
  t.is(user.partner_id, right!.id);
  const [line] = await auditOf(stack, registration.reference);
  t.like(line, { action: 'registration.assignPartner', after: { partnerId: right!.id, result: 'taken' } });
});

test.serial('resend mails a fresh link to the registered address, and takes no other (A16)', async (t) => {
  const { stack, staff } = t.context;
  const registration = await buildWaiting(stack);
  const { browser } = staff.operator;
  const other = buildEmail();
  t.is((await act(browser, registration, 'resend', { email: other })).status, 400);
  t.is(mailsTo(stack, other).length + mailsTo(stack, registration.email).length, 1);
  await assertDone(t, browser, await act(browser, registration, 'resend'), registration.path, 'resend');
  await eventually('a second mail', () => mailsTo(stack, registration.email).length === 2);
  t.like(await auditOf(stack, registration.reference), [{ action: 'registration.resend', after: { result: 'taken' } }]);
});

test.serial('revoking links ends all of them at once, and asks the machine nothing', async (t) => {
  const { stack, staff } = t.context;
  const registration = await buildWaiting(stack);
  const { browser } = staff.operator;
  const before = await eventsOf(stack, registration);
  t.is((await new BrowserSession(stack.url).get(registration.link)).status, 200);
  await assertDone(t, browser, await act(browser, registration, 'revoke-links'), registration.path, 'revokeLinks');
  t.is((await new BrowserSession(stack.url).get(registration.link)).status, 410);
  t.deepEqual(await eventsOf(stack, registration), before);
  t.like(await auditOf(stack, registration.reference), [{ action: 'registration.linksRevoked', after: { links: 1 } }]);
  t.false(offers(await browser.get(registration.path), 'revoke-links'));
});

test.serial('a corrected e-mail gets the link; nothing of the old mailbox counts any more', async (t) => {
  const { stack, staff } = t.context;
  const { browser } = staff.operator;
  const registration = await buildWaiting(stack);
  await new BrowserSession(stack.url).json('POST', `${registration.link}/draft`, { answers: { givenName: 'Zebulon' } });
  await eventRecorded(stack, registration, 'PROVEN');
  const email = buildEmail('right');
  const answer = await act(browser, registration, 'correct-email', { email: `  ${email.toUpperCase()} `, reason });
  await assertDone(t, browser, answer, registration.path, 'correctEmail');
  const [mail] = await eventually('the mail', () => mailsTo(stack, email).length > 0 && mailsTo(stack, email));
  t.is((await new BrowserSession(stack.url).get(registration.link)).status, 404);
  const after = await row(stack, registration);
  t.like(after, { email, draft: null, draft_code: null, proven_at: null, link_requested_at: null });
  const opened = await new BrowserSession(stack.url).get(linkIn(mail!.text, stack.url));
  t.is(opened.status, 200);
  t.false(opened.text.includes('Zebulon'));
  const lines = await auditOf(stack, registration.reference);
  t.like(lines, [{ action: 'registration.emailCorrected', reason, after: { email: 'r***@example.com' } }]);
  t.false(JSON.stringify(lines).includes(email));
  const again = await act(browser, registration, 'correct-email', { email, reason });
  t.is(again.status, 400);
  t.true(says(again, 'fieldErrors.sameEmail'));
});

test.serial(
  'an address that is none, or has an open registration of its own, is refused beside the field',
  async (t) => {
    const { stack, staff } = t.context;
    const [one, other] = [await buildWaiting(stack), await buildWaiting(stack)];
    for (const [email, key] of [
      ['', 'fieldErrors.required'],
      ['nobody', 'fieldErrors.invalidEmail'],
      ['a@x.example, b@y.example', 'fieldErrors.invalidEmail'],
      [other.email, 'fieldErrors.emailHasOpenRegistration'],
    ] as const) {
      const answer = await act(staff.operator.browser, one, 'correct-email', { email, reason });
      t.is(answer.status, 400, email);
      t.true(says(answer, key), key);
      t.true(email === '' || answer.text.includes(`value="${email}"`), email);
      t.true(answer.text.includes(`value="${reason}"`), reason);
    }
    t.like(await row(stack, one), { email: one.email });
    t.deepEqual(await auditOf(stack, one.reference), []);
  },
);

test.serial('the e-mail of what is being made into an account is not changed', async (t) => {
  const { stack, staff } = t.context;
  const registration = await buildBlocked(stack);
  const email = buildEmail();
  const answer = await act(staff.operator.browser, registration, 'correct-email', { email, reason });
  t.is(answer.status, 409);
  t.like(await row(stack, registration), { email: registration.email });
  t.truthy(await stack.db('registration_submissions').where({ registration_id: registration.id }).first());
});

test.serial('cancelling what Temporal no longer has ends the row', async (t) => {
  const { stack, staff } = t.context;
  const registration = await buildWaiting(stack);
  await stack.temporal.workflow.getHandle(registrationWorkflowId(registration.reference)).terminate();
  const refused = await act(staff.operator.browser, registration, 'resend');
  t.is(refused.status, 409);
  t.true(says(refused, 'registrations.refused.gone'));
  const { browser } = staff.operator;
  await assertDone(t, browser, await act(browser, registration, 'cancel', { reason }), registration.path, 'cancel');
  t.like(await row(stack, registration), { state: 'cancelled' });
});

test.serial('a form without its key, with a field too many or from elsewhere changes nothing', async (t) => {
  const { stack, staff } = t.context;
  const registration = await buildWaiting(stack);
  const { browser } = staff.operator;
  const page = await browser.get(registration.path);
  const path = `${registration.path}/extend`;
  const idempotencyKey = 'key';
  t.is((await browser.post(path, {}, page)).status, 400);
  t.is((await browser.post(path, { idempotencyKey: "'; --" }, page)).status, 400);
  t.is((await browser.post(path, { idempotencyKey, isAdmin: 'on' }, page)).status, 400);
  t.is((await browser.post(path, { idempotencyKey, formToken: 'x' }, page)).status, 403);
  t.is((await browser.json('POST', path, { idempotencyKey })).status, 415);
  t.deepEqual(await auditOf(stack, registration.reference), []);
  for (const reference of ['RG-0000-0000', 'x'])
    t.is((await browser.post(`/console/registrations/${reference}/extend`, { idempotencyKey }, page)).status, 404);
});

test.serial('past a mailbox’s limits one resend an hour goes through, and the next says when (L6)', async (t) => {
  const { stack, staff } = t.context;
  const registration = await buildWaiting(stack);
  await stack.api.kill('SIGTERM');
  stack.api = await stack.startApi({ LIMITS: `${stack.env.LIMITS},mailsPerMailboxHour=1` });
  const { browser } = staff.operator;
  const resend = async () => {
    const answer = await act(browser, registration, 'resend');
    await inState(stack, registration.email, 'awaitingProof');
    return answer;
  };
  // The start has used up the limit.
  t.is((await resend()).status, 303);
  const limited = await resend();
  await stack.api.kill('SIGTERM');
  stack.api = await stack.startApi();
  t.is(limited.status, 429);
  t.true(Number(limited.headers.get('retry-after')) > 3_000);
  t.true(limited.text.includes('this hour is used up'));
  const results = (await auditOf(stack, registration.reference)).map(({ after }) => after.result);
  t.deepEqual(results, ['taken', 'limited']);
  t.is(mailsTo(stack, registration.email).length, 2);
});

test.serial('while Temporal is away an action says so and changes nothing', async (t) => {
  const { stack, staff } = t.context;
  const { browser } = staff.operator;
  const registration = await buildWaiting(stack);
  const page = await browser.get(registration.path);
  await stack.stopTemporal();
  const fields = { idempotencyKey: hiddenField(page.text, 'idempotencyKey'), reason };
  const answers = [
    await browser.post(`${registration.path}/extend`, fields, page),
    await browser.post(`${registration.path}/correct-email`, { ...fields, email: buildEmail() }, page),
  ];
  await stack.startTemporal();
  for (const answer of answers) {
    t.is(answer.status, 503);
    t.true(says(answer, 'registrations.refused.unavailable'));
    t.true(says(answer, 'registrations.detail.noEngine'));
  }
  t.like(await row(stack, registration), { email: registration.email });
  t.like(await auditOf(stack, registration.reference), [
    { action: 'registration.extend', after: { result: 'unavailable' } },
  ]);
});
