import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import test from 'ava';
import { startMailCatcher } from '../../dev/mail-catcher.js';
import { choosePort } from '../../dev/ports.js';
import { startPostgres } from '../../dev/postgres.js';
import { startTemporal } from '../../dev/temporal.js';
import { findTemporalCli } from '../../dev/temporal-cli.js';
import { temporaryFolder } from './fixtures/folders.js';
import { startLauncher } from './fixtures/launcher-process.js';

test.serial('services given by the environment are used and none of them is started', async (t) => {
  const folder = temporaryFolder(t);
  const postgres = await startPostgres({ folder: join(folder, 'given'), durable: false });
  const temporal = await startTemporal({ cli: await findTemporalCli() });
  const mail = await startMailCatcher();
  t.teardown(() => Promise.all([postgres.stop(), temporal.stop(), mail.stop()]));

  const data = join(folder, 'data');
  const given = { DATABASE_URL: postgres.url, TEMPORAL_ADDRESS: temporal.address, SMTP_URL: mail.smtpUrl };
  const launcher = startLauncher(t, data, given);
  await launcher.ready();
  const { env } = (await (await fetch(launcher.address('Application'))).json()) as { env: NodeJS.ProcessEnv };
  t.like(env, given);
  t.is(env.VESTIBULE_MODE, undefined);
  t.is(env.INBOX_URL, undefined);
  t.false(launcher.output().includes('Mail inbox'));
  t.false(launcher.output().includes(postgres.url), 'a password that was given is not shown');
  for (const part of ['postgres', 'temporal', 'mail']) t.false(existsSync(join(data, 'logs', `${part}.log`)), part);
  launcher.signal('SIGINT');
  t.is(await launcher.ended, 0);
});

const unreachable = test.macro({
  exec: async (t, variable: string, makeUrl: (port: number) => string) => {
    const port = await choosePort(0);
    const launcher = startLauncher(t, temporaryFolder(t), { [variable]: makeUrl(port) });
    t.is(await launcher.ended, 1);
    t.regex(launcher.output(), new RegExp(`${variable} is set, but .* cannot be reached there: .*ECONNREFUSED`));
    t.notRegex(launcher.output(), / at .*\.js/, 'no stack');
  },
  title: (_, variable) => `an unreachable ${variable} ends the start with a sentence that names it`,
});

test.serial(unreachable, 'DATABASE_URL', (port) => `postgres://somebody:secret@127.0.0.1:${port}/vestibule`);
test.serial(unreachable, 'TEMPORAL_ADDRESS', (port) => `127.0.0.1:${port}`);
test.serial(unreachable, 'SMTP_URL', (port) => `smtp://127.0.0.1:${port}`);

test.serial('a taken port is replaced by the next free one, and both are said', async (t) => {
  const taken = await choosePort(0);
  const server = createServer().listen(taken, '::');
  t.teardown(() => server.close());
  const launcher = startLauncher(t, temporaryFolder(t), { PORT: String(taken) });
  await launcher.ready();
  const chosen = Number(new URL(launcher.address('Application')).port);
  t.true(chosen > taken);
  t.true(launcher.output().includes(`Port ${taken} is taken; the application uses ${chosen} (PORT chooses another).`));
  launcher.signal('SIGINT');
  t.is(await launcher.ended, 0);
});

test.serial('a port that is none is refused in a sentence', async (t) => {
  const launcher = startLauncher(t, temporaryFolder(t), { VESTIBULE_SMTP_PORT: 'smtp' });
  t.is(await launcher.ended, 1);
  t.true(launcher.output().includes('VESTIBULE_SMTP_PORT must be a port number between 0 and 65535, not "smtp".'));
});

test.serial(
  'a missing Temporal CLI that cannot be downloaded ends the start with a sentence that says what to do',
  async (t) => {
    const folder = temporaryFolder(t);
    const env = { TEMPORAL_CLI: join(folder, 'missing') };
    const launcher = startLauncher(t, join(folder, 'data'), env);
    t.is(await launcher.ended, 1);
    t.regex(launcher.output(), /TEMPORAL_CLI names .*missing, which cannot be run: .*ENOENT/);
  },
);
