/** A backup is restored: the database is older than Temporal, then Temporal is older than the database (security.md R5, R6). */
import { setTimeout as delay } from 'node:timers/promises';
import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import { clocksDiffer } from '../../api/registration-mismatches.js';
import { listAudit } from '../../db/audit-log.js';
import { insertNotice } from '../../db/notices.js';
import { revokeCode } from '../../db/partner-codes.js';
import { SecretKeys } from '../../db/secret-keys.js';
import { registrationWorkflowId, registrationWorkflowType, requestLinkSignal } from '../../workflows/messages.js';
import { buildStaff } from '../api/console/fixtures.js';
import { logIn } from '../api/fixtures/requests.js';
import { buildInviter, buildType, invitations, invite, listed } from '../builders/invitations.js';
import { askForLink, buildKnownLink, inState, linksTo, mailsTo, registrationOf } from '../builders/journeys.js';
import { askAs, buildApiKey } from '../builders/machines.js';
import { buildAccount, buildEmail, password, submitLink } from '../builders/registrations.js';
import { buildLoginUser, mailedPaths } from '../builders/users.js';
import { buildPartnerCode } from '../db/fixtures/rows.js';
import { afterRestore, backUpDatabase, backUpTemporal, restoreDatabase } from '../helpers/backup.js';
import { BrowserSession } from '../helpers/browser-session.js';
import { eventually } from '../helpers/eventually.js';
import { inv } from '../helpers/invariants.js';
import { reconcileNow } from '../helpers/reconcile.js';
import { apiIsReady, type Stack, startStack } from '../helpers/stack.js';

const test = anyTest as TestFn<{ stack: Stack }>;

test.before(async (t) => {
  t.context.stack = await startStack({}, { keepsTemporal: true });
  await t.context.stack.db('settings').update({ partner_onboarding: 'with_code', resend_cooldown_seconds: 0 });
});
test.after.always((t) => t.context.stack?.stop());

const referenceOf = async (stack: Stack, email: string): Promise<string> =>
  (await registrationOf(stack, email)).reference;
const typed = { companyName: 'Kept Ltd', givenName: 'Kim' };

/** Opens the link and types something: the mailbox is proven. */
async function type(stack: Stack, link: string, email: string): Promise<void> {
  const saved = await new BrowserSession(stack.url).json('POST', `${link}/draft`, { answers: typed });
  if (saved.status !== 200) throw new Error(`not saved: ${saved.status}`);
  await inState(stack, email, 'awaitingDetails');
}

const stopParts = ({ api, worker }: Stack) => Promise.all([api.kill('SIGTERM'), worker.kill('SIGTERM')]);

async function startParts(stack: Stack): Promise<void> {
  [stack.api, stack.worker] = await Promise.all([stack.startApi(), stack.startWorker()]);
  // Its first round may meet ours.
  await eventually('a round of the reconciler', () => reconcileNow(stack).then(() => true));
}

/** Whoever asks for a link and sends the page in: where that leads. */
async function startAnew(stack: Stack, email: string, fields: Record<string, string> = {}) {
  const before = mailsTo(stack, email).length;
  await askForLink(stack, email);
  const link = (await linksTo(stack, email, before + 1)).at(-1)!;
  return submitLink(new BrowserSession(stack.url), link, fields);
}

/** What the command says of each registration, by reference. */
const reported = (stdout: string): Record<string, string> =>
  Object.fromEntries([...stdout.matchAll(/^(RG-\S+): (.*)$/gm)].map(([, reference, what]) => [reference!, what!]));

const newMails = (stack: Stack, before: number) =>
  stack.mail
    .messages()
    .slice(before)
    .flatMap(({ to }) => to);

/** Every workflow that runs belongs to an open registration. */
async function assertNoStrays(t: ExecutionContext<{ stack: Stack }>) {
  const { db, temporal } = t.context.stack;
  const open: string[] = await db('registrations').whereNull('ended_at').pluck('reference');
  const query = `WorkflowType = "${registrationWorkflowType}" AND ExecutionStatus = "Running"`;
  await eventually('the same registrations are open in both', async () => {
    const running: string[] = [];
    for await (const { workflowId } of temporal.workflow.list({ query })) running.push(workflowId);
    return running.sort().join() === open.map(registrationWorkflowId).sort().join();
  });
}

/** All that the backup holds, and that somebody used, revoked or erased after it. */
async function seed(stack: Stack) {
  const { db, url } = stack;
  const emails = { kept: buildEmail('kept'), done: buildEmail('done'), moved: buildEmail('moved') };
  const [x, user, inviter, staff, keptLink, doneLink, movedLink] = await Promise.all([
    buildAccount(stack, buildEmail('x')),
    buildLoginUser(stack),
    buildInviter(stack),
    buildStaff(stack, 'admin'),
    buildKnownLink(stack, emails.kept),
    buildKnownLink(stack, emails.done),
    buildKnownLink(stack, emails.moved),
  ]);
  await type(stack, keptLink, emails.kept);
  await db('recovery_codes').insert({ user_id: user.id, code_hash: Buffer.from('of a code') });
  const guest = buildEmail('guest');
  await invite(inviter, guest, await buildType(stack));
  await new BrowserSession(url).json('POST', '/api/v1/password-resets', { email: user.email });
  const [reset] = await mailedPaths(stack, user.email, '/password-reset');
  const [guestLink] = await linksTo(stack, guest);
  await inState(stack, guest, 'awaitingProof');
  return {
    emails,
    links: { kept: keptLink, done: doneLink, moved: movedLink, guest: guestLink!, reset: reset! },
    x: { id: (await db('users').where({ email: x.email }).first('id')).id, browser: await logIn(url, x.email) },
    user: await logIn(url, user.email),
    staff,
    inviter,
    guest,
    code: await buildPartnerCode(db, SecretKeys.parse(stack.env.SECRET_KEYS ?? ''), { maxUses: 3 }),
    api: await buildApiKey(stack, staff),
  };
}
type Seeds = Awaited<ReturnType<typeof seed>>;

/** What the backup knows nothing of; resolves with the ids of the erased, and a registration that began. */
async function goOn(t: ExecutionContext<{ stack: Stack }>, { emails, links, x, code }: Seeds) {
  const { stack } = t.context;
  const gone = await x.browser.json('POST', '/api/v1/me/deletion', { organisation: 'goes', password });
  t.is(gone.status, 204);
  t.is((await submitLink(new BrowserSession(stack.url), links.done)).location, '/login');
  await type(stack, links.moved, emails.moved);
  t.true(await revokeCode(stack.db, code.partnerId, code.codeId));
  const late = buildEmail('late');
  await buildKnownLink(stack, late);
  // As docs/operating.md says for when the newer database is lost.
  const erased = [...(await stack.logs()).matchAll(/"erased(?:Account|Registration)":"([^"]+)"/g)].map(([, id]) => id);
  t.true(erased.includes(x.id) && erased.length === 2, `${erased}`);
  return { erased: erased.join('\n'), late: await referenceOf(stack, late) };
}

async function assertNothingRevived(t: ExecutionContext<{ stack: Stack }>, { links, x, user, staff, api }: Seeds) {
  const { db, url } = t.context.stack;
  t.is(await db('users').where({ id: x.id }).first(), undefined);
  t.truthy(await db('erased_accounts').where({ id: x.id }).first());
  for (const link of Object.values(links)) t.is((await new BrowserSession(url).get(link)).status, 404, link);
  for (const { status, location } of await Promise.all([user.get('/account'), x.browser.get('/account')]))
    t.true(status === 302 && (location ?? '').startsWith('/login'), `${status} ${location}`);
  t.is((await staff.browser.get('/console')).location, '/console/login');
  t.is((await askAs(url, api.key, '/api/v1/users')).status, 401);
}

async function assertPeopleGoOn(t: ExecutionContext<{ stack: Stack }>, { emails, code, inviter, guest }: Seeds) {
  const { stack } = t.context;
  const withCode = await startAnew(stack, emails.moved, { kind: 'partner', partnerCode: code.code });
  t.true(withCode.status === 409 && withCode.text.includes('This code cannot be used.'));
  t.is((await startAnew(stack, emails.done)).location, '/login');
  t.is((await stack.db('users').where({ email: emails.done })).length, 1);
  await askForLink(stack, emails.kept);
  const [, link] = await linksTo(stack, emails.kept, 2);
  const page = await new BrowserSession(stack.url).get(link!);
  t.true(page.text.includes(typed.companyName), 'where they were');
  t.is((await submitLink(new BrowserSession(stack.url), link!)).location, '/login');

  const back = { ...inviter, browser: await logIn(stack.url, inviter.email) };
  const { id, state } = (await listed(back, guest))!;
  t.is(state, 'expired');
  t.is((await back.browser.json('POST', `${invitations}/${id}/resend`, {})).status, 202);
  const [, fresh] = await linksTo(stack, guest, 2);
  t.is((await new BrowserSession(stack.url).get(fresh!)).status, 200);
}

test.serial('a database older than Temporal revives nothing, and every disagreement is reported', async (t) => {
  const { stack } = t.context;
  const { db, url } = stack;
  const seeds = await seed(stack);
  t.is((await askAs(url, seeds.api.key, '/api/v1/users')).status, 200);
  await backUpDatabase(stack);
  await apiIsReady(stack);
  const { erased, late } = await goOn(t, seeds);

  await stopParts(stack);
  await restoreDatabase(stack);
  const before = stack.mail.messages().length;
  const done = await afterRestore(stack, ['--erased', '-'], { input: erased });
  t.is(done.code, 0, done.stderr);
  t.log(done.stdout);
  t.deepEqual(reported(done.stdout), {
    [await referenceOf(stack, seeds.emails.done)]: 'row awaitingProof, workflow not running',
    [await referenceOf(stack, seeds.emails.moved)]: 'row awaitingProof, workflow awaitingDetails',
    [late]: 'row missing, workflow awaitingProof',
  });
  const kinds = [
    'accounts erased again',
    'partner codes',
    'API keys',
    'recovery codes',
    'invitations',
    'registrations ended',
  ];
  const counts = kinds.map((kind) => Number(done.stdout.match(new RegExp(`^(\\d+) ${kind}`, 'm'))?.[1]));
  t.deepEqual(counts, [1, 1, 1, 1, 1, 3]);
  const again = await afterRestore(stack, ['--erased', '-'], { input: erased });
  t.is(again.code, 0, again.stderr);
  t.deepEqual(again.stdout.match(/^[1-9R].*$/gm), null, 'nothing is left for a second run');

  await startParts(stack);
  t.deepEqual(newMails(stack, before), []);
  await assertNothingRevived(t, seeds);
  await assertPeopleGoOn(t, seeds);
  const [line] = await listAudit(db, { action: 'database.' }, { limit: 1 });
  t.is(line?.actor, 'Server');
  const asked = [...Object.values(seeds.emails), seeds.guest];
  t.deepEqual(newMails(stack, before).sort(), asked.sort(), 'to those who asked');
  await assertNoStrays(t);
  await inv(db, stack.temporal, { restored: true });
});

test.serial('a Temporal older than the database makes no second account and no second mail', async (t) => {
  const { stack } = t.context;
  const { db, temporal } = stack;
  const names = ['still', 'again', 'moved', 'done'] as const;
  const links = await Promise.all(
    names.map(async (name) => {
      const email = buildEmail(name);
      return [name, { email, link: await buildKnownLink(stack, email) }] as const;
    }),
  );
  const { still, again, moved, done } = Object.fromEntries(links) as Record<
    (typeof names)[number],
    (typeof links)[0][1]
  >;
  const restoreTemporal = await backUpTemporal(stack);
  // Nobody can tell two clocks apart by less than a second (`clocksDiffer`).
  await delay(clocksDiffer);
  // Back in the same state, one mail later.
  await temporal.workflow
    .getHandle(registrationWorkflowId(await referenceOf(stack, again.email)))
    .signal(requestLinkSignal);
  await linksTo(stack, again.email, 2);
  await inState(stack, again.email, 'awaitingProof');
  await type(stack, moved.link, moved.email);
  t.is((await submitLink(new BrowserSession(stack.url), done.link)).location, '/login');
  const late = buildEmail('late');
  await buildKnownLink(stack, late);

  await stopParts(stack);
  await stack.stopTemporal();
  await restoreTemporal();
  // Written when it was sent, long ago; of its workflow Temporal knows nothing any more.
  const keys = SecretKeys.parse(stack.env.SECRET_KEYS ?? '');
  const told = { email: buildEmail('told'), language: 'en', mailDomain: 'vestibule.test' };
  const id = await insertNotice(db, keys, { template: 'password-changed', ...told });
  await db('notices')
    .where({ id })
    .update({ created_at: db.raw("now() - interval '1 hour'") });
  const unreachable = await afterRestore(stack);
  t.is(unreachable.code, 1);
  t.regex(unreachable.stderr, /Temporal does not answer .* nothing was changed/);
  await stack.startTemporal();
  const before = stack.mail.messages().length;
  const run = await afterRestore(stack);
  t.is(run.code, 0, run.stderr);
  t.deepEqual(reported(run.stdout), {
    [await referenceOf(stack, again.email)]: 'row awaitingProof, workflow awaitingProof, but behind',
    [await referenceOf(stack, moved.email)]: 'row awaitingDetails, workflow awaitingProof',
    [await referenceOf(stack, done.email)]: 'row completed, workflow awaitingProof',
    [await referenceOf(stack, late)]: 'row awaitingProof, workflow not running',
  });

  await startParts(stack);
  t.deepEqual(newMails(stack, before), []);
  t.is((await db('notices').where({ id }).first()).reply, 'withdrawn');
  for (const email of [still.email, again.email, moved.email, late]) {
    t.is((await startAnew(stack, email)).location, '/login');
    t.is((await db('users').where({ email })).length, 1);
  }
  t.is((await db('users').where({ email: done.email })).length, 1);
  t.is(newMails(stack, before).length, 4, 'to those who asked');
  await assertNoStrays(t);
  await inv(db, temporal, { restored: true });
});

test.serial('the command says what keeps it from running, and changes nothing', async (t) => {
  const { stack } = t.context;
  const sessions = () => stack.db('sessions').count('* as count').first();
  const before = await sessions();
  const [inUse, noId, noDatabase, noOption] = await Promise.all([
    afterRestore(stack),
    afterRestore(stack, ['--erased', '-'], { input: '\n7f1c\n' }),
    afterRestore(stack, [], { env: { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' } }),
    afterRestore(stack, ['--eraesd', 'list']),
  ]);
  t.regex(inUse.stderr, /stop these first, they use the database: .*vestibule-api/);
  t.regex(noId.stderr, /line 2 of the erasure list is not an id/);
  t.regex(noDatabase.stderr, /the database does not answer \(ECONNREFUSED\)/);
  t.regex(noOption.stderr, /eraesd/);
  for (const { code } of [inUse, noId, noDatabase, noOption]) t.is(code, 1);
  t.deepEqual(await sessions(), before);
});
