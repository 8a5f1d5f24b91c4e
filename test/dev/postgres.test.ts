import { spawn } from 'node:child_process';
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import test from 'ava';
import pg from 'pg';
import { choosePort } from '../../dev/ports.js';
import { startPostgres } from '../../dev/postgres.js';
import { temporaryFolder } from './fixtures/folders.js';
import { eventually, processesNaming } from './fixtures/processes.js';

async function query(url: string, sql: string) {
  const client = new pg.Client(url);
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

const serverProcess = (folder: string) =>
  Number(readFileSync(join(folder, 'cluster/postmaster.pid'), 'utf8').split('\n')[0]);

test.serial('the database is real, safe against power loss, in UTF-8, and the same after a restart', async (t) => {
  const folder = temporaryFolder(t);
  const first = await startPostgres({ folder });
  t.is(
    first.url,
    `postgres://vestibule:${readFileSync(join(folder, 'password'), 'utf8')}@127.0.0.1:${first.port}/vestibule`,
  );
  const [settings] = await query(
    first.url,
    `select current_setting('fsync') as fsync, current_setting('synchronous_commit') as commit,
      current_setting('server_encoding') as encoding, lower('ÄÖ') as lower, version()`,
  );
  t.like(settings, { fsync: 'on', commit: 'on', encoding: 'UTF8', lower: 'äö' });
  t.regex(settings.version, /^PostgreSQL 18/);
  await query(first.url, 'create table kept as select 42 as answer');
  await first.stop();
  t.deepEqual(processesNaming(folder), []);

  const second = await startPostgres({ folder, port: first.port });
  t.is(second.url, first.url);
  t.deepEqual(await query(second.url, 'select answer from kept'), [{ answer: 42 }]);
  await second.stop();
});

test.serial('only this machine and only the generated password get in', async (t) => {
  const folder = temporaryFolder(t);
  const postgres = await startPostgres({ folder, durable: false });
  t.teardown(postgres.stop);
  t.is(statSync(join(folder, 'password')).mode & 0o777, 0o600);
  const wrong = postgres.url.replace(/:[^:@]+@/, ':password@');
  await t.throwsAsync(query(wrong, 'select 1'), { message: /password authentication failed/ });
  const outside = Object.values(networkInterfaces())
    .flat()
    .find((address) => address && !address.internal && address.family === 'IPv4');
  if (!outside) return t.log('this machine has no address but loopback');
  const socket = connect(postgres.port, outside.address);
  const outcome = await new Promise((resolve) => {
    socket.on('connect', () => resolve('connected'));
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code));
  });
  t.is(outcome, 'ECONNREFUSED');
});

test.serial('tests can ask for speed instead of durability', async (t) => {
  const postgres = await startPostgres({ folder: temporaryFolder(t), durable: false });
  t.teardown(postgres.stop);
  t.deepEqual(await query(postgres.url, "select current_setting('fsync') as fsync"), [{ fsync: 'off' }]);
});

test.serial('after kill -9 it starts at once on the same data and port', async (t) => {
  const folder = temporaryFolder(t);
  const first = await startPostgres({ folder });
  await query(first.url, 'create table kept as select 42 as answer');
  process.kill(serverProcess(folder), 'SIGKILL');
  t.is(await first.exited, 'signal SIGKILL');
  const second = await startPostgres({ folder, port: first.port });
  t.deepEqual(await query(second.url, 'select answer from kept'), [{ answer: 42 }]);
  await second.stop();
});

test.serial('a lock file that names a living process of somebody else does not keep it from starting', async (t) => {
  const folder = temporaryFolder(t);
  await (await startPostgres({ folder, durable: false })).stop();
  const stranger = spawn('sleep', ['60']);
  t.teardown(() => stranger.kill());
  writeFileSync(join(folder, 'cluster/postmaster.pid'), `${stranger.pid}\n${folder}/cluster\n1700000000\n5433\n\n`);
  const postgres = await startPostgres({ folder, durable: false });
  t.is(stranger.exitCode, null);
  await postgres.stop();
});

test.serial('a start that was broken off while making the files is made good by the next', async (t) => {
  const folder = temporaryFolder(t);
  const script = `import { startPostgres } from ${JSON.stringify(new URL('../../dev/postgres.js', import.meta.url).href)};
    await startPostgres({ folder: ${JSON.stringify(folder)} });`;
  const starter = spawn(process.execPath, ['--input-type=module', '-e', script]);
  await eventually('the files are being made', () => statSync(join(folder, 'cluster.unfinished/PG_VERSION')).size);
  starter.kill('SIGKILL');
  const postgres = await startPostgres({ folder });
  t.deepEqual(await query(postgres.url, 'select 1 as one'), [{ one: 1 }]);
  await postgres.stop();
});

test.serial('it ends by itself when the process that started it is killed', async (t) => {
  const folder = temporaryFolder(t);
  const script = `import { startPostgres } from ${JSON.stringify(new URL('../../dev/postgres.js', import.meta.url).href)};
    await startPostgres({ folder: ${JSON.stringify(folder)}, durable: false });
    console.log('started');`;
  const starter = spawn(process.execPath, ['--input-type=module', '-e', script]);
  await new Promise((resolve) => starter.stdout.once('data', resolve));
  t.true(processesNaming(`${folder}/cluster`).includes(serverProcess(folder)));
  starter.kill('SIGKILL');
  for (let tries = 0; tries < 100 && processesNaming(`${folder}/cluster`).length > 0; tries++) await delay(100);
  t.deepEqual(processesNaming(`${folder}/cluster`), []);
});

test.serial('a port that somebody else has is an error that names the port and the reason', async (t) => {
  const folder = temporaryFolder(t);
  const other = await startPostgres({ folder: join(folder, 'other'), durable: false });
  t.teardown(other.stop);
  await t.throwsAsync(startPostgres({ folder: join(folder, 'mine'), port: other.port, durable: false }), {
    message: new RegExp(`PostgreSQL did not start on port ${other.port} [^]*Address already in use`),
  });
  t.not(await choosePort(other.port), other.port);
});

test.serial('a lost password is explained instead of being made anew', async (t) => {
  const folder = temporaryFolder(t);
  await (await startPostgres({ folder, durable: false })).stop();
  rmSync(join(folder, 'password'));
  await t.throwsAsync(startPostgres({ folder, durable: false }), { message: /password is missing from .*put it back/ });
});
