import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { guardedExit, type Exit } from './guarded';

/** The product's entry points, by the name a test uses, and their files in dist. */
const ENTRIES = { start: 'start.js', server: 'server/main.js', worker: 'workers/main.js' } as const;

export interface App {
  proc: ChildProcess;
  /** Lines of stdout and stderr so far, in the order they came. */
  output: string[];
  /** The first line that matches, past or to come. Rejects, with the output, where the process ends before. */
  waitForLine(pattern: RegExp): Promise<string>;
  /** Sends the signal and waits for the end. */
  kill(signal: NodeJS.Signals): Promise<Exit>;
  exited: Promise<Exit>;
}

/**
 * Starts a real process of the product from dist (`npm test` has compiled it).
 * @param env its whole environment but PATH: nothing of the developer's own leaks into a test
 */
export function spawnApp(entry: keyof typeof ENTRIES, env: Record<string, string>): App {
  return spawnNode([join(__dirname, '..', '..', 'dist', ENTRIES[entry])], env);
}

/** Starts Node with these arguments, watched in the same way. */
export function spawnNode(args: string[], env: Record<string, string>): App {
  const proc = spawn(process.execPath, args, {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output: string[] = [];
  const watchers = new Set<(line: string) => void>();
  for (const stream of [proc.stdout, proc.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      output.push(line);
      for (const watcher of watchers) watcher(line);
    });
  }
  const exited = guardedExit(proc);
  return {
    proc,
    output,
    exited,
    waitForLine(pattern) {
      const past = output.find((line) => pattern.test(line));
      if (past !== undefined) return Promise.resolve(past);
      return new Promise((resolve, reject) => {
        watchers.add((line) => {
          if (pattern.test(line)) resolve(line);
        });
        void exited.then(
          (exit) =>
            reject(new Error(`Ended (${JSON.stringify(exit)}) without ${pattern}:\n${output.join('\n')}`)),
          reject,
        );
      });
    },
    kill(signal) {
      proc.kill(signal);
      return exited;
    },
  };
}
