import { spawn } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import pg from 'pg';
import { temporaryFolder } from './fixtures/folders.js';
import { follow, launcherEnvironment, launcherScript, processOf, startLauncher } from './fixtures/launcher-process.js';
import { processesNaming, waitForNoProcessNaming } from './fixtures/processes.js';

const environmentOf = async (application: string): Promise<NodeJS.ProcessEnv> =>
  ((await (await fetch(application)).json()) as { env: NodeJS.ProcessEnv }).env;

test.serial(
  'one command starts everything, says where it is, and Ctrl-C ends it without leaving a process',
  async (t) => {
    const data = temporaryFolder(t);
    const launcher = startLauncher(t, data);
    await launcher.ready();
    const address = launcher.address;
    t.is(address('Console'), `${address('Application')}/console`);
    t.true(launcher.output().includes(`${address('Application')}/operator/secret-token`));
    t.false(launcher.output().includes('A note first'));
    t.is((await fetch(address('Mail inbox'))).status, 200);
    t.is((await fetch(address('Temporal UI'))).status, 200);
    t.is(address('Data'), data);
    t.is(address('Logs'), join(data, 'logs'));
    for (const part of ['api', 'worker', 'mail', 'temporal', 'postgres', 'migrate'])
      t.true(existsSync(join(data, 'logs', `${part}.log`)), part);

    launcher.signal('SIGINT');
    t.is(await launcher.ended, 0);
    t.deepEqual(processesNaming(data), []);
  },
);

test.serial('the application gets all that it needs in its environment', async (t) => {
  const data = temporaryFolder(t);
  const launcher = startLauncher(t, data, { HOST: 'machine-name', MAIL_FROM: 'Me <me@example.com>' });
  await launcher.ready();
  const application = launcher.address('Application');
  const env = await environmentOf(application);
  t.is(env.DATABASE_URL, launcher.address('PostgreSQL'));
  t.is(env.TEMPORAL_ADDRESS, launcher.address('Temporal'));
  t.is(env.TEMPORAL_NAMESPACE, 'default');
  t.is(env.TEMPORAL_UI_URL, launcher.address('Temporal UI'));
  t.is(env.INBOX_URL, launcher.address('Mail inbox'));
  t.regex(env.SMTP_URL ?? '', /^smtp:\/\/127\.0\.0\.1:\d+$/);
  t.is(env.MAIL_FROM, 'Me <me@example.com>');
  t.is(env.PUBLIC_URL, application);
  t.is(env.HOST, '127.0.0.1');
  t.is(env.PORT, new URL(application).port);
  t.is(env.VESTIBULE_MODE, 'development');
  t.regex(env.SECRET_KEYS ?? '', /^k1:[\w-]{43}$/);
  launcher.signal('SIGTERM');
  t.is(await launcher.ended, 0);
});

test.serial(
  'a second start finds the data and the secret keys of the first, and says nothing of a first operator',
  async (t) => {
    const data = temporaryFolder(t);
    const keys: (string | undefined)[] = [];
    for (const extra of [{}, { FIXTURE_OPERATOR_EXISTS: '1' }]) {
      const launcher = startLauncher(t, data, extra);
      await launcher.ready();
      keys.push((await environmentOf(launcher.address('Application'))).SECRET_KEYS);
      t.is(launcher.output().includes('No operator yet'), !('FIXTURE_OPERATOR_EXISTS' in extra));
      if (keys.length === 2) {
        const client = new pg.Client(launcher.address('PostgreSQL'));
        await client.connect();
        t.deepEqual((await client.query('select count(*)::int as starts from starts')).rows, [{ starts: 2 }]);
        await client.end();
      }
      launcher.signal('SIGINT');
      t.is(await launcher.ended, 0);
    }
    t.truthy(keys[0]);
    t.is(keys[0], keys[1]);
    t.is(statSync(join(data, 'secrets.json')).mode & 0o777, 0o600);
  },
);

test.serial('a second start on a data folder in use is refused in a sentence and leaves the first alone', async (t) => {
  const data = temporaryFolder(t);
  const first = startLauncher(t, data);
  await first.ready();
  const second = startLauncher(t, data);
  t.is(await second.ended, 1);
  t.true(second.output().includes(`Vestibule already runs on the data folder ${data} (process ${first.process.pid})`));
  t.is((await fetch(first.address('Application'))).status, 200);
  first.signal('SIGINT');
  t.is(await first.ended, 0);
});

test.serial('Ctrl-C in the middle of a start leaves no process either', async (t) => {
  const data = temporaryFolder(t);
  const launcher = startLauncher(t, data);
  await launcher.prints(/Starting the database/);
  launcher.signal('SIGINT');
  t.is(await launcher.ended, 0);
  t.deepEqual(processesNaming(data), []);
});

test.serial('a part that does not end when asked is killed after ten seconds', async (t) => {
  const data = temporaryFolder(t);
  const launcher = startLauncher(t, data, { FIXTURE_STUBBORN: '1' });
  await launcher.ready();
  const asked = Date.now();
  launcher.signal('SIGINT');
  t.is(await launcher.ended, 0);
  const took = Date.now() - asked;
  t.true(took >= 10_000 && took < 25_000, `${took} ms`);
  t.deepEqual(processesNaming(data), []);
});

test.serial('a second Ctrl-C kills all parts at once', async (t) => {
  const data = temporaryFolder(t);
  const launcher = startLauncher(t, data, { FIXTURE_STUBBORN: '1' });
  await launcher.ready();
  launcher.signal('SIGINT');
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const asked = Date.now();
  launcher.signal('SIGINT');
  t.is(await launcher.ended, 130);
  t.true(Date.now() - asked < 5000);
  t.deepEqual(await waitForNoProcessNaming(data), []);
});

test.serial('a signal that npm repeats within half a second is one signal', async (t) => {
  const data = temporaryFolder(t);
  const launcher = startLauncher(t, data);
  await launcher.ready();
  launcher.signal('SIGINT');
  launcher.signal('SIGINT');
  t.is(await launcher.ended, 0);
});

test.serial('everything ends when npm, which started it, is killed', async (t) => {
  const data = temporaryFolder(t);
  const env = launcherEnvironment(data, { npm_lifecycle_event: 'start' });
  const shell = spawn('/bin/sh', ['-c', '"$0" "$1"; exit $?', process.execPath, launcherScript], { env });
  const launcher = follow(t, shell);
  await launcher.ready();
  shell.kill('SIGKILL');
  t.deepEqual(await waitForNoProcessNaming(data), []);
});

test.serial('a failed migration is explained with its last words, and nothing keeps running', async (t) => {
  const data = temporaryFolder(t);
  const launcher = startLauncher(t, data, { FIXTURE_MIGRATION_FAILS: '1' });
  t.is(await launcher.ended, 1);
  const log = join(data, 'logs/migrate.log');
  t.true(launcher.output().includes(`The database migration failed (exit code 3); its log is ${log}`));
  t.true(launcher.output().includes('relation "accounts" is in the way'));
  t.regex(readFileSync(log, 'utf8'), /in the way/);
  t.deepEqual(processesNaming(data), []);
});

test.serial('after kill -9 of the launcher all parts end by themselves, and the next start takes over', async (t) => {
  const data = temporaryFolder(t);
  const killed = startLauncher(t, data);
  await killed.ready();
  killed.signal('SIGKILL');
  t.deepEqual(await waitForNoProcessNaming(data), []);
  const next = startLauncher(t, data);
  await next.ready();
  next.signal('SIGINT');
  t.is(await next.ended, 0);
});

test.serial('parts left over because their watchdogs were killed too are stopped by the next start', async (t) => {
  const data = temporaryFolder(t);
  const killed = startLauncher(t, data);
  await killed.ready();
  const parts = (['api', 'worker', 'mail', 'temporal', 'postgres'] as const).map((part) => processOf(data, part));
  const watchdogs = processesNaming(data).filter((pid) =>
    readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('vestibule-watchdog'),
  );
  t.true(watchdogs.length >= parts.length);
  for (const pid of watchdogs) process.kill(pid, 'SIGKILL');
  killed.signal('SIGKILL');
  await killed.ended;
  const living = processesNaming(data);
  t.deepEqual(
    parts.filter((pid) => !living.includes(pid)),
    [],
  );

  const next = startLauncher(t, data);
  await next.ready();
  const stillLiving = processesNaming(data);
  t.deepEqual(
    parts.filter((pid) => stillLiving.includes(pid)),
    [],
  );
  next.signal('SIGINT');
  t.is(await next.ended, 0);
});
