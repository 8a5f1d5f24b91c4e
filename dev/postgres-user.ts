import { execFileSync, spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';

/** A user of this machine as which PostgreSQL runs when we are root: it refuses to run as root itself. */
export interface SystemUser {
  name: string;
  uid: number;
  gid: number;
}

/**
 * Undefined for an ordinary user, who runs PostgreSQL as himself. For root: the owner of the existing database files, else
 * the user `postgres` (`_postgres` on macOS), which is created where there is none.
 */
export function choosePostgresUser(cluster: string): SystemUser | undefined {
  const owner = statSync(cluster, { throwIfNoEntry: false });
  const me = process.getuid?.();
  if (me !== 0) {
    if (owner && owner.uid !== me)
      throw new Error(`The database files in ${cluster} belong to another user; start as that user or as root.`);
    return undefined;
  }
  if (owner && owner.uid !== 0) return { name: `user ${owner.uid}`, uid: owner.uid, gid: owner.gid };
  return findUser('postgres') ?? findUser('_postgres') ?? createUser('postgres');
}

/** Whether the user can enter the folder; true when there is no other user than ourselves. */
export function canEnter(user: SystemUser | undefined, folder: string): boolean {
  if (!user) return true;
  const options = { cwd: '/', uid: user.uid, gid: user.gid };
  return spawnSync('/bin/sh', ['-c', 'cd -- "$1"', 'sh', folder], options).status === 0;
}

function findUser(name: string): SystemUser | undefined {
  const id = (option: string) => Number(execFileSync('id', [option, name], { encoding: 'utf8', stdio: 'pipe' }));
  try {
    return { name, uid: id('-u'), gid: id('-g') };
  } catch {
    return undefined;
  }
}

function createUser(name: string): SystemUser {
  // The first is of shadow (most Linux distributions), the second of BusyBox (Alpine).
  spawnSync('useradd', ['--system', '--user-group', '--no-create-home', '--shell', '/usr/sbin/nologin', name]);
  if (!findUser(name)) spawnSync('adduser', ['-S', '-D', '-H', name]);
  const user = findUser(name);
  if (!user)
    throw new Error(
      `PostgreSQL cannot run as root and no user "${name}" could be created for it; ` +
        'create one, start as an ordinary user, or set DATABASE_URL.',
    );
  return user;
}
