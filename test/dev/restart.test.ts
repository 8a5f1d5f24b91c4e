import test from 'ava';
import pg from 'pg';
import { temporaryFolder } from './fixtures/folders.js';
import { type LauncherProcess, processOf, startLauncher } from './fixtures/launcher-process.js';
import { eventually } from './fixtures/processes.js';

type PartName = Parameters<typeof processOf>[1];

const answers = async (url: string) => (await fetch(url)).status === 200 || undefined;

const canQuery = async (url: string) => {
  const client = new pg.Client(url);
  client.on('error', () => {});
  await client.connect();
  const { rowCount } = await client.query('select * from starts');
  await client.end();
  return rowCount === 1 || undefined;
};

/** What shows, at the same address as before, that a part works. */
const works: Record<PartName, (launcher: LauncherProcess) => Promise<true | undefined>> = {
  api: (launcher) => answers(launcher.address('Application')),
  worker: async () => true,
  mail: (launcher) => answers(launcher.address('Mail inbox')),
  temporal: (launcher) => answers(launcher.address('Temporal UI')),
  postgres: (launcher) => canQuery(launcher.address('PostgreSQL')),
};

const titles: Record<PartName, string> = {
  api: 'The application',
  worker: 'The worker',
  mail: 'The mailbox',
  temporal: 'Temporal',
  postgres: 'PostgreSQL',
};

test.serial('each part that is killed is started again at the same address, and both are said', async (t) => {
  const data = temporaryFolder(t);
  const launcher = startLauncher(t, data);
  await launcher.ready();
  for (const part of Object.keys(works) as PartName[]) {
    const killed = processOf(data, part);
    process.kill(killed, 'SIGKILL');
    const log = `${data}/logs/${part}.log`;
    await launcher.prints(
      new RegExp(
        `${titles[part]} ended unexpectedly \\(signal SIGKILL\\); starting it again in 0.5 s. Its log: ${log}`,
      ),
    );
    await launcher.prints(new RegExp(`${titles[part]} runs again`));
    t.not(processOf(data, part), killed);
    t.true(await eventually(`${part} works again`, () => works[part](launcher)));
  }
  launcher.signal('SIGINT');
  t.is(await launcher.ended, 0);
});

test.serial('a part that dies again and again is started after growing pauses', async (t) => {
  const data = temporaryFolder(t);
  const launcher = startLauncher(t, data);
  await launcher.ready();
  for (const pause of ['0.5', '1', '2']) {
    process.kill(processOf(data, 'worker'), 'SIGKILL');
    await launcher.prints(
      new RegExp(`The worker ended unexpectedly \\(signal SIGKILL\\); starting it again in ${pause} s`),
    );
    const times = ['0.5', '1', '2'].indexOf(pause) + 1;
    await eventually('it runs', () => launcher.output().split('The worker runs again').length > times || undefined);
  }
  launcher.signal('SIGINT');
  t.is(await launcher.ended, 0);
});
