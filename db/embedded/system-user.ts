import { spawnSync } from 'node:child_process';
import { StartupError } from '../../lib/errors';

/** Whom PostgreSQL runs as where that is not ourselves. */
export interface SystemUser {
  name: string;
  uid: number;
  gid: number;
}

/** The account made where the system has no `postgres`. */
const OWN_ACCOUNT = 'liveboard';

/**
 * PostgreSQL refuses to run as root. So as root this names another account: the system's `postgres`, or one
 * of our own (made where `useradd` exists), or `nobody`. Undefined where we aren't root: then it runs as us.
 * @param ownerUid whose existing data it is, which decides before anything else
 * @throws StartupError where the system has no account to offer
 */
export function postgresUser(ownerUid?: number): SystemUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  if (ownerUid) {
    const owner = lookUp(String(ownerUid));
    if (owner) return owner;
  }
  const known = lookUp('postgres') ?? lookUp(OWN_ACCOUNT);
  if (known) return known;
  spawnSync('useradd', [
    '--system',
    '--user-group',
    '--no-create-home',
    '--shell',
    '/usr/sbin/nologin',
    OWN_ACCOUNT,
  ]);
  const user = lookUp(OWN_ACCOUNT) ?? lookUp('nobody');
  if (user) return user;
  throw new StartupError(
    'PostgreSQL refuses to run as root and there is no other account on this system: run as another user, or set DATABASE_URL.',
  );
}

/** True where `user` (ourselves when undefined) can enter the folder, that is, pass every folder above it. */
export function canEnter(path: string, user: SystemUser | undefined): boolean {
  const identity = user && { uid: user.uid, gid: user.gid };
  return (
    spawnSync('/bin/sh', ['-c', 'cd "$0"', path], { ...identity, cwd: '/', stdio: 'ignore' }).status === 0
  );
}

/** By name or number, with `id` (POSIX), so that accounts outside /etc/passwd are found too. */
function lookUp(account: string): SystemUser | undefined {
  const ask = (flag: string) => {
    const answer = spawnSync('id', [flag, account], { encoding: 'utf8' });
    return answer.status === 0 ? answer.stdout.trim() : undefined;
  };
  const [name, uid, gid] = [ask('-un'), ask('-u'), ask('-g')];
  return name && uid && gid ? { name, uid: Number(uid), gid: Number(gid) } : undefined;
}
