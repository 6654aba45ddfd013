import { fork } from 'node:child_process';
import { once } from 'node:events';
import { openSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { guard } from '../../db/embedded/guard';
import { nodeArguments } from './options';
import type { Stage } from './stage';

/** A process of the bench's own: a baseline, or a publisher. */
export interface Helper {
  pid: number;
  /** Has it do something, and waits for the answer. */
  ask(command: string, argument?: unknown): Promise<unknown>;
}

let started = 0;

interface Answer {
  id: number;
  result?: unknown;
  error?: string;
}

/**
 * Starts a process that serves commands ({@link serveCommands}) and waits until it is ready. Ends with the stage.
 * @param script below bench, such as `baselines/bare-reads`
 */
export async function startHelper(
  stage: Stage,
  script: string,
  setting: unknown = {},
  extraArguments: readonly string[] = [],
): Promise<Helper> {
  const logPath = join(stage.servers.directory, `${basename(script)}-${(started += 1)}.log`);
  const log = openSync(logPath, 'w');
  const child = fork(join(__dirname, '..', `${script}.js`), {
    stdio: ['ignore', log, log, 'ipc'],
    execArgv: [...nodeArguments(), ...extraArguments],
    env: { PATH: process.env.PATH, NODE_ENV: 'production', BENCH_SETTING: JSON.stringify(setting) },
  });
  const dismissGuard = guard(child.pid ?? 0, { signal: 'TERM', lastSignal: 'KILL' });
  // Not 'close': with an IPC channel that we disconnect it may never come.
  const exited = once(child, 'exit').then(dismissGuard);
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  let lastId = 0;
  child.on('message', ({ id, result, error }: Answer) => {
    const asked = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) asked?.resolve(result);
    else asked?.reject(new Error(error));
  });
  child.once('exit', () => {
    for (const { reject } of waiting.values())
      reject(new Error(`${script} ended:\n${readFileSync(logPath, 'utf8')}`));
  });
  const ask = (command: string, argument?: unknown) =>
    new Promise<unknown>((resolve, reject) => {
      waiting.set((lastId += 1), { resolve, reject });
      child.send({ id: lastId, command, argument });
    });
  stage.closing.add(async () => {
    if (child.connected) child.disconnect();
    await exited;
  });
  await ask('ready');
  return { pid: child.pid ?? 0, ask };
}

type Command = (argument: never) => unknown;

/**
 * The other end, in the process itself. It ends when the bench lets go of it.
 * @param open makes what the commands work on, from the setting; other commands wait for it
 */
export function serveCommands<Setting>(open: (setting: Setting) => Promise<Record<string, Command>>): void {
  const opening = open(JSON.parse(process.env.BENCH_SETTING ?? '{}') as Setting);
  process.on('message', ({ id, command, argument }: { id: number; command: string; argument: never }) => {
    const run = async () => {
      const commands = await opening;
      return command === 'ready' ? true : await commands[command]?.(argument);
    };
    run().then(
      (result) => process.send?.({ id, result }),
      (error: Error) => process.send?.({ id, error: error.stack ?? error.message }),
    );
  });
  process.on('disconnect', () => process.exit());
}
