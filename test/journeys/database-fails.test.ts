/** PostgreSQL loses its sessions or hangs; api and worker are told to stop under load (security.md X4, X8, X9, R7). */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import anyTest, { type TestFn } from 'ava';
import { choosePort } from '../../dev/ports.js';
import { askForLink, buildKnownLink, fillIn, inState, linksTo } from '../builders/journeys.js';
import { buildAccount, buildEmail } from '../builders/registrations.js';
import { type Answer, BrowserSession } from '../helpers/browser-session.js';
import { eventually } from '../helpers/eventually.js';
import { signalPostgres } from '../helpers/faults.js';
import { inv } from '../helpers/invariants.js';
import { apiIsReady, type Stack, startStack } from '../helpers/stack.js';

const test = anyTest as TestFn<{ stack: Stack }>;

test.before(async (t) => {
  t.context.stack = await startStack();
});
test.after.always((t) => t.context.stack?.stop());

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

test.serial('when all database sessions are ended the processes live and go on with new ones (X8)', async (t) => {
  const { stack } = t.context;
  const email = buildEmail();
  const link = await buildKnownLink(stack, email);
  const filled = await fillIn(new BrowserSession(stack.url), link);
  for (let round = 0; round < 3; round++) {
    await stack.db.raw(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'vestibule-%' and pid <> pg_backend_pid()`,
    );
    await apiIsReady(stack);
  }
  const done = await eventually('the form goes through', async () => {
    const answer = await filled.send();
    t.true(answer.status === 303 || answer.status === 503, `${answer.status}`);
    return answer.status === 303;
  });
  t.true(done);
  await inState(stack, email, 'completed');
  t.true(isAlive(stack.api.pid) && isAlive(stack.worker.pid));
  await buildAccount(stack);
  await inv(stack.db, stack.temporal);
});

test.serial('while PostgreSQL hangs requests end by timeout, nothing dies, and all recovers (X9, R7)', async (t) => {
  const { stack } = t.context;
  const email = buildEmail();
  const filled = await fillIn(new BrowserSession(stack.url), await buildKnownLink(stack, email));
  const send = await signalPostgres(stack.db, 'SIGSTOP');
  t.teardown(() => send('SIGCONT'));
  const startedAt = Date.now();
  const answers = Promise.all([filled.send(), new BrowserSession(stack.url).get('/register')]);
  t.is((await new BrowserSession(stack.url).get('/healthz')).status, 200);
  t.is((await new BrowserSession(stack.url).get('/readyz')).status, 503);
  for (const { status } of await answers) t.is(status, 503);
  const spent = Date.now() - startedAt;
  t.true(spent <= 12_000, `${spent} ms`);
  send('SIGCONT');

  const recoveredAt = Date.now();
  await apiIsReady(stack);
  t.log(`requests ended after ${spent} ms, ready ${Date.now() - recoveredAt} ms after the hang`);
  await eventually('the form goes through', async () => (await filled.send()).status === 303);
  await inState(stack, email, 'completed');
  t.is((await stack.db('users').where({ email })).length, 1);
  t.true(isAlive(stack.api.pid) && isAlive(stack.worker.pid));
  await inv(stack.db, stack.temporal);
});

/** A process of the product whose exit code can be asked for. */
async function startOwn(stack: Stack, script: string, env: NodeJS.ProcessEnv = {}): Promise<ChildProcess> {
  const path = fileURLToPath(new URL(`../../${script}`, import.meta.url));
  const child = fork(path, { env: { ...stack.env, ...env }, stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
  await once(child, 'message');
  return child;
}

async function stopGently(child: ChildProcess) {
  const startedAt = Date.now();
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const [code] = await exited;
  return { code, spent: Date.now() - startedAt };
}

test.serial('an API told to stop under load answers what it has begun and ends with 0 (X4)', async (t) => {
  const { stack } = t.context;
  const port = String(await choosePort(0));
  const api = await startOwn(stack, 'api/server.js', { PORT: port });
  t.teardown(() => api.kill('SIGKILL'));
  const url = `http://localhost:${port}`;
  const accepted: string[] = [];
  let refused = 0;
  const caller = async () => {
    for (let i = 0; i < 200 && refused < 20; i++) {
      const email = buildEmail('load');
      const answer: Answer | undefined = await askForLink(stack, email, url).catch(() => undefined);
      if (answer?.location === '/register/sent') accepted.push(email);
      else refused++;
    }
  };
  const load = Promise.all(Array.from({ length: 6 }, caller));
  await eventually('load', () => accepted.length > 10);
  const { code, spent } = await stopGently(api);
  await load;
  t.is(code, 0);
  t.true(spent < 20_000, `${spent} ms`);
  for (const email of accepted) await linksTo(stack, email, 1, 60_000);
  t.log(`${accepted.length} accepted, all mailed; stopped in ${spent} ms`);
  await eventually(
    'all wait for their people',
    async () => !(await stack.db('registrations').where({ state: 'sendingActivation', ended_at: null }).first()),
  );
  await inv(stack.db, stack.temporal);
});

test.serial('a worker told to stop under load ends with 0 and another goes on (X4)', async (t) => {
  const { stack } = t.context;
  const worker = await startOwn(stack, 'activities/worker.js');
  t.teardown(() => worker.kill('SIGKILL'));
  const people = await Promise.all(
    Array.from({ length: 12 }, async () => {
      const email = buildEmail('load');
      return { email, filled: await fillIn(new BrowserSession(stack.url), await buildKnownLink(stack, email)) };
    }),
  );
  const starts = Array.from({ length: 12 }, () => buildEmail('load'));
  const load = Promise.all([
    ...people.map(({ filled }) => filled.send()),
    ...starts.map((email) => askForLink(stack, email)),
  ]);
  const { code, spent } = await stopGently(worker);
  t.is(code, 0);
  t.true(spent < 30_000, `${spent} ms`);
  for (const { status } of await load) t.is(status, 303);
  for (const { email } of people) await inState(stack, email, 'completed');
  for (const email of starts) await linksTo(stack, email, 1, 60_000);
  await inv(stack.db, stack.temporal);
});
