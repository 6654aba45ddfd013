import { spawn } from 'node:child_process';

/**
 * Waits for the end of its standard input, which comes when our process is gone in whatever way, SIGKILL
 * included; a line on it means that the guard isn't needed any more. Then $1 is told to end with the signal
 * $2, and after about ten seconds with $3. Where $4 names a file, its first line must still be $1: a process
 * id may by then belong to somebody else. It gives up after twenty seconds: in a container whose first process
 * collects no orphans an ended process never goes away.
 */
const SCRIPT = `
read -r line && exit 0
if [ -n "$4" ]; then
  read -r now < "$4" || exit 0
  [ "$now" = "$1" ] || exit 0
fi
kill -s "$2" "$1" || exit 0
n=0
while kill -0 "$1" 2>/dev/null; do
  n=$((n + 1))
  [ "$n" -eq 100 ] && kill -s "$3" "$1"
  [ "$n" -eq 200 ] && exit
  sleep 0.1
done
`;

export interface GuardOptions {
  /** Asks the process to end. */
  signal: 'INT' | 'TERM';
  /** Follows where that did not help. */
  lastSignal: 'QUIT' | 'KILL';
  /** A file whose first line is the process's id for as long as it runs. */
  pidFile?: string;
  uid?: number;
  gid?: number;
}

/**
 * Makes sure that the process `pid` does not outlive ours. The guard is a shell in a session of its own: half
 * a megabyte, and neither Ctrl-C nor our own death reaches it.
 * @returns what calls the guard off, once the process has ended
 */
export function guard(pid: number, options: GuardOptions): () => void {
  const { signal, lastSignal, pidFile = '', uid, gid } = options;
  const shell = spawn(
    '/bin/sh',
    ['-c', SCRIPT, 'liveboard-guard', String(pid), signal, lastSignal, pidFile],
    {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
      cwd: '/',
      uid,
      gid,
    },
  );
  // Without a guard we work as well, only a kill -9 of ours would leave the process until the next start.
  shell.on('error', () => undefined);
  shell.stdin.on('error', () => undefined);
  shell.unref();
  // The pipe is no reason for our process to stay; the typings know only the Writable, not the socket it is.
  if ('unref' in shell.stdin && typeof shell.stdin.unref === 'function') shell.stdin.unref();
  return () => void shell.stdin.end('done\n');
}
