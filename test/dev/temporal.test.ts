import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import test from 'ava';
import { startTemporal } from '../../dev/temporal.js';
import { findTemporalCli } from '../../dev/temporal-cli.js';
import { temporaryFolder } from './fixtures/folders.js';
import { processesNaming, waitForNoProcessNaming } from './fixtures/processes.js';

async function withClient<T>(address: string, use: (client: Client) => Promise<T>): Promise<T> {
  const connection = await Connection.connect({ address });
  try {
    return await use(new Client({ connection }));
  } finally {
    await connection.close();
  }
}

const startWaiting = (client: Client) =>
  client.workflow.start('nobodyRunsIt', {
    workflowId: 'registration-1',
    taskQueue: 'nobody',
    searchAttributes: { RegistrationState: ['awaitingActivation'], RegistrationAttention: [true] },
  });

test.serial('without a file it starts in memory, with the search attributes and 30 days of retention', async (t) => {
  const temporal = await startTemporal({ cli: await findTemporalCli() });
  t.teardown(temporal.stop);
  t.regex(temporal.address, /^127\.0\.0\.1:\d+$/);
  t.is(temporal.uiUrl, undefined);
  await withClient(temporal.address, async (client) => {
    const { config } = await client.workflowService.describeNamespace({ namespace: 'default' });
    t.is(Number(config?.workflowExecutionRetentionTtl?.seconds), 720 * 3600);
    const handle = await startWaiting(client);
    t.is((await handle.describe()).status.name, 'RUNNING');
  });
});

test.serial('with a file everything survives a stop and kill -9, on the same port, and the UI is there', async (t) => {
  const folder = temporaryFolder(t);
  const databaseFile = join(folder, 'temporal.db');
  const cli = await findTemporalCli();
  const first = await startTemporal({ cli, databaseFile });
  const port = Number(first.address.split(':')[1]);
  await withClient(first.address, startWaiting);
  process.kill(JSON.parse(readFileSync(`${databaseFile}.running.json`, 'utf8')).pid, 'SIGKILL');
  t.is(await first.exited, 'signal SIGKILL');
  t.true(existsSync(`${databaseFile}-wal`), 'no write-ahead log');

  for (const ending of ['after kill -9', 'after a stop']) {
    const uiPort = port + 1;
    const next = await startTemporal({ cli, databaseFile, port, uiPort });
    t.is(next.address, first.address);
    t.is((await fetch(next.uiUrl ?? '')).status, 200);
    await withClient(next.address, async (client) => {
      const { status, searchAttributes } = await client.workflow.getHandle('registration-1').describe();
      t.is(status.name, 'RUNNING', ending);
      t.deepEqual(searchAttributes.RegistrationState, ['awaitingActivation']);
    });
    await next.stop();
  }
  t.deepEqual(processesNaming(folder), []);
});

test.serial('a namespace of its own can be asked for', async (t) => {
  const temporal = await startTemporal({ cli: await findTemporalCli(), namespace: 'vestibule' });
  t.teardown(temporal.stop);
  await withClient(temporal.address, async (client) => {
    const { namespaceInfo } = await client.workflowService.describeNamespace({ namespace: 'vestibule' });
    t.is(namespaceInfo?.name, 'vestibule');
  });
});

test.serial('it ends by itself when the process that started it is killed', async (t) => {
  const databaseFile = join(temporaryFolder(t), 'temporal.db');
  const module = new URL('../../dev/temporal.js', import.meta.url).href;
  const script = `import { startTemporal } from ${JSON.stringify(module)};
    await startTemporal(${JSON.stringify({ cli: await findTemporalCli(), databaseFile })});
    console.log('started');`;
  const starter = spawn(process.execPath, ['--input-type=module', '-e', script]);
  await new Promise((resolve) => starter.stdout.once('data', resolve));
  t.is(processesNaming(`--db-filename ${databaseFile}`.replace(' ', '\0')).length, 1);
  starter.kill('SIGKILL');
  t.deepEqual(await waitForNoProcessNaming(databaseFile), []);
});

test.serial('a port that somebody else has is an error that names it', async (t) => {
  const cli = await findTemporalCli();
  const other = await startTemporal({ cli });
  t.teardown(other.stop);
  const port = Number(other.address.split(':')[1]);
  await t.throwsAsync(startTemporal({ cli, port }), {
    message: `Temporal did not start: port ${port} is taken.`,
  });
});
