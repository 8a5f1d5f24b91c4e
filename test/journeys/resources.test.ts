/** Disks that are full, files that run out, clocks that are set (security.md X14). */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import anyTest, { type TestFn } from 'ava';
import { choosePort } from '../../dev/ports.js';
import { buildFactor, codeOf, logInHalf, roomInStep, sendCode } from '../api/fixtures/second-factors.js';
import {
  askForLink,
  buildKnownLink,
  changeSettings,
  fillIn,
  inState,
  linksTo,
  registrationOf,
  says,
} from '../builders/journeys.js';
import { buildAccount, buildEmail, buildLink, password, submitLink } from '../builders/registrations.js';
import { type Answer, BrowserSession } from '../helpers/browser-session.js';
import { eventually } from '../helpers/eventually.js';
import { endSessions, fillDisk, fillTemporalDisk } from '../helpers/faults.js';
import { inv } from '../helpers/invariants.js';
import { reconcileNow } from '../helpers/reconcile.js';
import { type Stack, startStack } from '../helpers/stack.js';
import { steppedClock } from './fixtures/stepped-clock.js';

const test = anyTest as TestFn<{ stack: Stack }>;
const hour = 3_600_000;
/** How the clocks of API and worker are set, one after the other. */
const offsets = [hour, -hour, 0];

test.before(async (t) => {
  const clock = `${new URL('fixtures/stepped-clock.js', import.meta.url)}?offsets=${offsets}`;
  const env = { NODE_OPTIONS: `--enable-source-maps --import ${clock}` };
  t.context.stack = await startStack(env, { keepsTemporal: true });
});
test.after.always((t) => t.context.stack?.stop());

const isHonest = (answer: Answer) =>
  answer.status === 503 && answer.headers.has('retry-after') && says(answer, 'errors.busy');

test.serial('while PostgreSQL has no room people are told to try again, and then all goes on', async (t) => {
  const { stack } = t.context;
  const [email, fresh] = [buildEmail('full'), buildEmail('full')];
  const filled = await fillIn(new BrowserSession(stack.url), await buildKnownLink(stack, email));
  const makeRoom = await fillDisk(stack.db, ['registrations', 'registration_submissions']);
  t.teardown(makeRoom);
  for (const answer of [await askForLink(stack, fresh), await filled.send()]) t.true(isHonest(answer), answer.text);
  t.is(await registrationOf(stack, fresh), undefined, 'nothing half-done');
  t.is((await registrationOf(stack, email)).state, 'awaitingProof');

  await makeRoom();
  t.is((await filled.send()).location, '/login', 'the same form');
  t.is((await submitLink(new BrowserSession(stack.url), await buildLink(stack, fresh))).location, '/login');
  await inv(stack.db, stack.temporal);
});

test.serial('what the worker has no room for in PostgreSQL waits until there is some', async (t) => {
  const { stack } = t.context;
  const [email, fresh] = [buildEmail('full'), buildEmail('full')];
  const filled = await fillIn(new BrowserSession(stack.url), await buildKnownLink(stack, email));
  const makeRoom = await fillDisk(stack.db, ['mails', 'users']);
  t.teardown(makeRoom);
  const refusals = async () => (await readFile(stack.databaseLog, 'utf8')).split('No space left on device').length;
  const before = await refusals();
  t.is((await askForLink(stack, fresh)).location, '/register/sent');
  const answer = filled.send();
  await eventually('several tries have found no room', async () => (await refusals()) > before + 4);
  t.is(
    await stack.db('customers').first('id').whereNotExists(stack.db('users').whereRaw('customer_id = customers.id')),
    undefined,
  );

  await makeRoom();
  t.regex((await answer).location ?? '', /^\/login$|processing$/);
  await inState(stack, email, 'completed');
  t.is((await stack.db('users').where({ email })).length, 1);
  t.is((await linksTo(stack, fresh)).length, 1);
  await inState(stack, fresh, 'awaitingProof');
  await inv(stack.db, stack.temporal);
});

test.serial('a Temporal whose disk is full loses nothing that was promised', async (t) => {
  const { stack } = t.context;
  const [email, fresh] = [buildEmail('full'), buildEmail('full')];
  const filled = await fillIn(new BrowserSession(stack.url), await buildKnownLink(stack, email));
  const makeRoom = await fillTemporalDisk(stack);
  t.is((await askForLink(stack, fresh)).location, '/register/sent', 'PostgreSQL keeps it');
  const refused = await filled.send();
  t.true(refused.status === 503 && says(refused, 'errors.busy'));
  await makeRoom();
  await eventually('the same form goes through', async () => (await filled.send()).location === '/login');
  await eventually('the reconciler gets through', () => reconcileNow(stack).then(() => true));
  t.is((await linksTo(stack, fresh)).length, 1);
  await inState(stack, fresh, 'awaitingProof');
  await inv(stack.db, stack.temporal);
});

/** Enough to start, and for a few connections. */
const fewFiles = 64;

async function startWithFewFiles(stack: Stack, port: string): Promise<ChildProcess> {
  const path = fileURLToPath(new URL('../../api/server.js', import.meta.url));
  const limited = `ulimit -n ${fewFiles}; exec "$0" "$1"`;
  const child = spawn('/bin/sh', ['-c', limited, process.execPath, path], {
    env: { ...stack.env, PORT: port },
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  await once(child, 'message');
  return child;
}

/** Takes every file descriptor that the process has left; resolves with the function that gives them back. */
async function takeFiles(port: string) {
  const sockets = Array.from({ length: 2 * fewFiles }, () => connect(Number(port), '127.0.0.1').on('error', () => {}));
  await eventually('no more are taken', () => sockets.some(({ closed }) => closed));
  return () => {
    for (const socket of sockets) socket.destroy();
  };
}

test.serial('an API without file descriptors says no, lives, and goes on by itself when there are some', async (t) => {
  const { stack } = t.context;
  const email = buildEmail('files');
  const filled = await fillIn(new BrowserSession(stack.url), await buildKnownLink(stack, email));
  const port = String(await choosePort(0));
  const api = await startWithFewFiles(stack, port);
  t.teardown(() => api.kill('SIGKILL'));
  const url = `http://127.0.0.1:${port}`;
  const known = new BrowserSession(url);
  t.is((await known.get('/healthz')).status, 200);
  await endSessions(stack.db);
  const giveBack = await takeFiles(port);
  t.teardown(giveBack);
  // On the connection that it has; to PostgreSQL there is none, unless it has made one just before.
  const told = await known.get('/register');
  t.true(told.status === 200 || isHonest(told), `${told.status}`);
  t.log(`on a connection that was there: ${told.status}`);
  const others = Array.from({ length: 8 }, () => new BrowserSession(url).get('/login'));
  t.true(
    (await Promise.allSettled(others)).some(({ status }) => status === 'rejected'),
    'no connection',
  );
  t.is(api.exitCode, null);

  giveBack();
  const done = await eventually('it serves again', async () => {
    const answer = await filled.send(new BrowserSession(url)).catch(() => undefined);
    return answer?.status === 303 && answer;
  });
  t.is(done.location, '/login');
  t.is((await stack.db('users').where({ email })).length, 1);
  await inv(stack.db, stack.temporal);
});

async function setClocks(stack: Stack, offset: number): Promise<void> {
  const pids = [stack.api.pid, stack.worker.pid];
  for (const pid of pids) process.kill(pid, 'SIGUSR2');
  await eventually(`clocks ${offset} ms off`, async () => {
    const logs = await stack.logs();
    return pids.every((pid) => logs.includes(steppedClock(pid, offset)));
  });
}

test.serial('clocks set an hour forth and back revive no link and no code, and lose nothing', async (t) => {
  const { stack } = t.context;
  const putBack = await changeSettings(stack, { registration_lifetime_seconds: 3, reminder_after_seconds: null });
  const ended = buildEmail('ended');
  const deadLinks = [await buildLink(stack, ended)];
  await putBack();
  const putLinksBack = await changeSettings(stack, { link_lifetime_seconds: 1 });
  deadLinks.push(await buildKnownLink(stack, buildEmail('old')));
  await putLinksBack();
  const link = await buildKnownLink(stack, buildEmail('open'));
  const { email, browser } = await buildAccount(stack);
  await browser.post('/login', { email, password }, await browser.get('/login'));
  const { secret } = await buildFactor(browser);
  const withCode = async (code: string) =>
    (await sendCode(await logInHalf(stack, email, password), code)).location === '/account';
  t.true(await withCode(codeOf(secret)));
  await inState(stack, ended, 'expired');

  for (const offset of offsets) {
    await setClocks(stack, offset);
    for (const dead of deadLinks) {
      const visitor = new BrowserSession(stack.url);
      t.is((await visitor.get(dead)).status, 410, `${offset}`);
      t.is((await visitor.json('POST', `${dead}/draft`, { answers: { companyName: 'Late' } })).status, 404);
    }
    const kept = { answers: { companyName: `Kept ${offset}` } };
    t.is((await new BrowserSession(stack.url).json('POST', `${link}/draft`, kept)).status, 200);
    t.true((await new BrowserSession(stack.url).get(link)).text.includes(`Kept ${offset}`));
    await buildAccount(stack);
    if (offset < 0) t.false(await withCode(codeOf(secret, offset / 30_000)), 'older than the one used');
  }
  await roomInStep();
  t.true(await withCode(codeOf(secret, 1)), 'the next one of the right time');
  t.is((await submitLink(new BrowserSession(stack.url), link)).location, '/login');
  await inv(stack.db, stack.temporal);
});
