import { randomBytes } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { livingRecordedProcess, recordProcess } from './process-identity.js';

/** Everything that survives `npm start`, and where it is. */
export interface DataFolder {
  path: string;
  logs: string;
  postgres: string;
  temporalDatabase: string;
  mails: string;
  logOf(part: string): string;
  /** Where a part's running process is written down. */
  recordOf(part: string): string;
  /** Lets another `npm start` use the folder. */
  release(): void;
}

/** Opens the folder for this process alone, making it when it is missing; throws when another process uses it. */
export function openDataFolder(folder: string): DataFolder {
  const path = resolve(folder);
  const inside = (name: string) => join(path, name);
  try {
    mkdirSync(path, { recursive: true });
    for (const name of ['logs', 'run', 'temporal']) mkdirSync(inside(name), { recursive: true, mode: 0o700 });
    lock(inside('lock'), path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (!code) throw error;
    throw new Error(`The data folder ${path} cannot be used (${message}); set VESTIBULE_DATA to another one.`);
  }
  return {
    path,
    logs: inside('logs'),
    postgres: inside('postgres'),
    temporalDatabase: inside('temporal/temporal.db'),
    mails: inside('mails'),
    logOf: (part) => inside(`logs/${part}.log`),
    recordOf: (part) => inside(`run/${part}.json`),
    release: () => rmSync(inside('lock'), { force: true }),
  };
}

function lock(file: string, folder: string) {
  const mine = `${file}.${process.pid}`;
  recordProcess(mine, process.pid);
  try {
    while (!tryLink(mine, file)) {
      refuseWhenUsed(file, folder);
      // Its owner is dead. Moved, not deleted: of several that try to take over, one moves it.
      const stale = `${mine}.stale`;
      if (!tryRename(file, stale)) continue;
      const owner = livingRecordedProcess(stale);
      // What we moved was already the fresh lock of a quicker one: give it back.
      if (owner) tryLink(stale, file);
      rmSync(stale, { force: true });
    }
  } finally {
    rmSync(mine, { force: true });
  }
}

function refuseWhenUsed(file: string, folder: string) {
  const owner = livingRecordedProcess(file);
  if (owner)
    throw new Error(
      `Vestibule already runs on the data folder ${folder} (process ${owner}); ` +
        'stop it first, or set VESTIBULE_DATA to another folder.',
    );
}

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function tryRename(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

/** SECRET_KEYS for this folder's data, `<id>:<32 bytes, base64url>`; made once, since old data needs the old key. */
export function readOrCreateSecretKeys(folder: string): string {
  const file = join(folder, 'secrets.json');
  if (!existsSync(file)) {
    const secretKeys = `k1:${randomBytes(32).toString('base64url')}`;
    writeFileSync(file, JSON.stringify({ secretKeys }), { mode: 0o600 });
  }
  try {
    const { secretKeys } = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof secretKeys === 'string') return secretKeys;
  } catch {}
  throw new Error(`${file} holds no secret keys; put the right file back, or remove the whole folder to begin anew.`);
}
