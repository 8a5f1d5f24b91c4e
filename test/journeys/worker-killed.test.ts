/** The worker dies at given points, or is away (security.md X1 to X3, O2, O4, W6, INV-5, INV-6). */
import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import {
  registrationEventSignal,
  registrationEventUpdate,
  registrationStateQuery,
  registrationWorkflowId,
  requestLinkSignal,
} from '../../workflows/messages.js';
import { askForLink, buildKnownLink, fillIn, inState, linksTo, mailsTo, registrationOf } from '../builders/journeys.js';
import { buildAccount, buildEmail, submitLink } from '../builders/registrations.js';
import { BrowserSession } from '../helpers/browser-session.js';
import { eventually } from '../helpers/eventually.js';
import { type HoldPoint, holdAt, killTemporal } from '../helpers/faults.js';
import { inv } from '../helpers/invariants.js';
import { reconcileNow } from '../helpers/reconcile.js';
import { type Stack, startStack } from '../helpers/stack.js';

interface Context {
  stack: Stack;
}
const test = anyTest as TestFn<Context>;
/** security.md X1. */
const recovery = 60_000;

test.before(async (t) => {
  t.context.stack = await startStack({}, { keepsTemporal: true });
});
test.after.always((t) => t.context.stack?.stop());

/** Released at the test's end at the latest. */
async function hold(t: ExecutionContext<Context>, point: HoldPoint) {
  const held = await holdAt(t.context.stack.db, point);
  t.teardown(held.release);
  return held;
}

/** The worker stands still while something happens, and never hears of it. */
async function stopThenKill(t: ExecutionContext<Context>, happen: () => Promise<void>) {
  process.kill(t.context.stack.worker.pid, 'SIGSTOP');
  try {
    await happen();
  } finally {
    await t.context.stack.worker.kill('SIGKILL');
  }
}

const isSuccess = (location: string | null) => location === '/login' || (location ?? '').endsWith('/processing');

const mailRow = (stack: Stack, email: string) =>
  stack.db('mails').join('registrations as r', 'r.id', 'registration_id').where({ email }).first('mails.*');

test.serial(
  'a worker killed in the middle of mailing: the same link again, one registration, no mail lost (X1, O4)',
  async (t) => {
    const { stack } = t.context;
    const emails = { before: buildEmail(), accepted: buildEmail(), recorded: buildEmail(), retried: buildEmail() };
    const isFor = (email: string) => `(select email from registrations where id = new.registration_id) = '${email}'`;
    const isSent = (email: string) => `new.state = 'sent' and ${isFor(email)}`;
    const before = await hold(t, { table: 'mails', at: 'insert', when: isFor(emails.before) });
    const accepted = await hold(t, { table: 'mails', at: 'update', when: isSent(emails.accepted) });
    const recorded = await hold(t, { table: 'mails', at: 'commit', when: isSent(emails.recorded) });
    t.teardown(() => stack.mail.setMode('ok'));
    // The server keeps the mail but breaks the connection: the engine is between two tries.
    stack.mail.setMode('drop-after-data');
    await askForLink(stack, emails.retried);
    await eventually('a try has failed', async () => (await mailRow(stack, emails.retried))?.state === 'failing');
    stack.mail.setMode('ok');
    await Promise.all([emails.before, emails.accepted, emails.recorded].map((email) => askForLink(stack, email)));
    await Promise.all([before, accepted, recorded].map(({ reached }) => reached()));

    // Of the last one the database hears, but not the engine.
    await stopThenKill(t, async () => {
      await recorded.release();
      await eventually('the mail is recorded', async () => (await mailRow(stack, emails.recorded))?.state === 'sent');
    });
    await Promise.all([before.release(), accepted.release()]);
    stack.worker = await stack.startWorker();

    const startedAt = Date.now();
    for (const [point, email] of Object.entries(emails)) {
      const row = await inState(stack, email, 'awaitingProof', recovery);
      t.is(new Set(await linksTo(stack, email)).size, 1, 'every copy carries the same link');
      t.is(new Set(mailsTo(stack, email).map(({ messageId }) => messageId)).size, 1, 'and the same Message-ID');
      t.is((await stack.db('mails').where({ registration_id: row.id })).length, 1);
      t.log(`${point}: ${mailsTo(stack, email).length} copies, ${Date.now() - startedAt} ms`);
    }
    const done = await submitLink(new BrowserSession(stack.url), (await linksTo(stack, emails.accepted))[0]!);
    t.is(done.location, '/login');
    await inv(stack.db, stack.temporal);
  },
);

test.serial('a worker killed in the middle of the creation makes exactly one account (X1, O1, O2)', async (t) => {
  const { stack } = t.context;
  const points = {
    atFirst: { table: 'customers', at: 'insert', when: (name: string) => `new.name = '${name}'` },
    halfWay: { table: 'users', at: 'insert', when: (name: string) => `new.family_name = '${name}'` },
    atCommit: { table: 'users', at: 'commit', when: (name: string) => `new.family_name = '${name}'` },
    committed: { table: 'users', at: 'commit', when: (name: string) => `new.family_name = '${name}'` },
  } as const;
  const people = await Promise.all(
    Object.entries(points).map(async ([name, { table, at, when }]) => {
      const email = buildEmail('killed');
      const filled = await fillIn(new BrowserSession(stack.url), await buildKnownLink(stack, email), {
        companyName: name,
        familyName: name,
      });
      return { name, email, filled, held: await hold(t, { table, at, when: when(name) }) };
    }),
  );
  const answers = Promise.all(people.map(({ filled }) => filled.send()));
  await Promise.all(people.map(({ held }) => held.reached()));
  await stopThenKill(t, async () => {
    const committed = people.find(({ name }) => name === 'committed')!;
    await committed.held.release();
    await eventually('the account is there', () => stack.db('users').where({ email: committed.email }).first());
  });
  await Promise.all(people.map(({ held }) => held.release()));
  stack.worker = await stack.startWorker();

  const startedAt = Date.now();
  for (const { name, email } of people) {
    await inState(stack, email, 'completed', recovery);
    t.is((await stack.db('users').where({ email })).length, 1);
    t.is((await stack.db('customers').where({ name })).length, 1);
    t.log(`${name}: ${Date.now() - startedAt} ms`);
  }
  for (const { status, location } of await answers) t.true(isSuccess(location), `${status} ${location}`);
  await inv(stack.db, stack.temporal);
});

test.serial(
  'a worker that stood still in the middle of the creation changes nothing when it goes on (X3)',
  async (t) => {
    const { stack } = t.context;
    const email = buildEmail('zombie');
    const filled = await fillIn(new BrowserSession(stack.url), await buildKnownLink(stack, email));
    const held = await hold(t, { table: 'users', at: 'insert', when: `new.email = '${email}'` });
    const answer = filled.send();
    await held.reached();
    const zombie = stack.worker;
    process.kill(zombie.pid, 'SIGSTOP');
    t.teardown(() => zombie.kill('SIGKILL'));
    await held.release();
    stack.worker = await stack.startWorker();
    // Temporal gives the task up, PostgreSQL the transaction, and the next try comes: half a minute on an idle machine.
    await inState(stack, email, 'completed', 2 * recovery);
    const made = await stack.db('users').where({ email });
    process.kill(zombie.pid, 'SIGCONT');
    t.true(isSuccess((await answer).location));
    // It works on beside the other.
    await Promise.all(Array.from({ length: 4 }, () => buildAccount(stack)));
    t.deepEqual(await stack.db('users').where({ email }), made);
    await inv(stack.db, stack.temporal);
  },
);

test.serial('a wish for a link while the account is being made does not lose the account (C14, O2)', async (t) => {
  const { stack } = t.context;
  const email = buildEmail('late');
  const filled = await fillIn(new BrowserSession(stack.url), await buildKnownLink(stack, email));
  const held = await hold(t, { table: 'users', at: 'commit', when: `new.email = '${email}'` });
  const answer = filled.send();
  await held.reached();
  const { reference } = await registrationOf(stack, email);
  const handle = stack.temporal.workflow.getHandle(registrationWorkflowId(reference));
  await handle.signal(requestLinkSignal);
  await held.release();
  const { status, location } = await answer;
  t.true(isSuccess(location), `${status} ${location}`);
  await inState(stack, email, 'completed');
  t.is((await stack.db('users').where({ email })).length, 1);
  await inv(stack.db, stack.temporal);
});

test.serial(
  'without a worker links open, answers are kept, and a submit is carried out later (W6, INV-5)',
  async (t) => {
    const { stack } = t.context;
    const email = buildEmail('patient');
    const link = await buildKnownLink(stack, email);
    await inState(stack, email, 'awaitingProof');
    await stack.worker.kill('SIGTERM');

    const browser = new BrowserSession(stack.url);
    const quick = async <Value>(what: string, work: Promise<Value>) => {
      const startedAt = Date.now();
      const value = await work;
      const spent = Date.now() - startedAt;
      t.true(spent <= 1_500, `${what}: ${spent} ms`);
      return value;
    };
    await browser.get('/login'); // the first request of a browser opens its connection
    t.is((await quick('open', browser.get(link))).status, 200);
    const saved = await quick(
      'autosave',
      browser.json('POST', `${link}/draft`, { answers: { companyName: 'Kept Ltd' } }),
    );
    t.is(saved.status, 200);
    const asked = await quick('API', browser.json('GET', link.replace('/register/', '/api/v1/registration-links/')));
    t.is(asked.status, 200);
    t.true((await browser.get(link)).text.includes('Kept Ltd'));

    const submitted = await submitLink(browser, link, { companyName: 'Kept Ltd' });
    t.is(submitted.location, `${link}/processing`);
    t.is((await browser.get(`${link}/processing`)).status, 200);
    // What was told to be under way outlives Temporal's memory too.
    await killTemporal(stack);
    await stack.startTemporal();
    stack.worker = await stack.startWorker();
    await inState(stack, email, 'completed');
    const then = await eventually('the processing page goes on', async () => {
      const page = await browser.get(`${link}/processing`);
      return page.location && page;
    });
    t.is(then.location, '/login');
    t.is((await stack.db('users').where({ email })).length, 1);
    await inv(stack.db, stack.temporal);
  },
);

// Temporal refuses the workflow task that made the account when a signal has come meanwhile, and the workflow's knowledge
// of the account goes with it; the record tells it.
test.serial('a cancellation that comes while the account is being made is too late (C13, INV-7)', async (t) => {
  const { stack } = t.context;
  const email = buildEmail('too-late');
  const filled = await fillIn(new BrowserSession(stack.url), await buildKnownLink(stack, email));
  const held = await hold(t, { table: 'users', at: 'commit', when: `new.email = '${email}'` });
  const answer = filled.send();
  await held.reached();
  const { reference } = await registrationOf(stack, email);
  const handle = stack.temporal.workflow.getHandle(registrationWorkflowId(reference));
  await handle.signal(registrationEventSignal, { type: 'CANCEL', actor: 'operator' });
  await held.release();
  await answer;
  await inState(stack, email, 'completed');
  t.is((await handle.result()).state, 'completed');
});

// Otherwise the row would say "cancelled" of a registration that goes on: Temporal forgets the update with the task.
test.serial(
  'a cancellation during which something else comes in is kept by the workflow too (C13, INV-7)',
  async (t) => {
    const { stack } = t.context;
    const email = buildEmail('half-cancelled');
    await buildKnownLink(stack, email);
    const { reference, id } = await inState(stack, email, 'awaitingProof');
    const held = await hold(t, {
      table: 'registrations',
      at: 'update',
      when: `new.id = '${id}' and new.state = 'cancelled'`,
    });
    const handle = stack.temporal.workflow.getHandle(registrationWorkflowId(reference));
    const cancelled = handle.executeUpdate(registrationEventUpdate, { args: [{ type: 'CANCEL', actor: 'operator' }] });
    await held.reached();
    await handle.signal(requestLinkSignal);
    await held.release();
    t.is((await cancelled).state, 'cancelled');
    t.is((await handle.result()).state, 'cancelled');
    await inv(stack.db, stack.temporal);
  },
);

test.serial(
  'Temporal forgets what the account was made by, and nobody asks again: the workflow is told of the end (INV-7)',
  async (t) => {
    const { stack } = t.context;
    const email = buildEmail('forgotten');
    const filled = await fillIn(new BrowserSession(stack.url), await buildKnownLink(stack, email));
    const { reference } = await registrationOf(stack, email);
    const held = await hold(t, { table: 'users', at: 'commit', when: `new.email = '${email}'` });
    const answer = filled.send().catch(() => 'the API is gone');
    await held.reached();
    await stack.api.kill('SIGKILL');
    await answer;
    await killTemporal(stack);
    await held.release();
    await inState(stack, email, 'completed');
    await stack.startTemporal();
    stack.api = await stack.startApi();
    const handle = stack.temporal.workflow.getHandle(registrationWorkflowId(reference));
    const { state } = await eventually('the workflow answers', () => handle.query(registrationStateQuery));
    t.is(state, 'awaitingProof', 'it does not know');
    await eventually('it has ended', async () => {
      await reconcileNow(stack);
      return (await handle.describe()).status.name === 'COMPLETED';
    });
    t.is((await handle.result()).state, 'completed');
    await inv(stack.db, stack.temporal);
  },
);
