import { spawn } from 'node:child_process';
import { openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../../db/embedded/port';
import { guardedExit } from '../../test/support/guarded';
import { nodeArguments } from './options';
import type { Stage } from './stage';

/** The product's entry points in dist with their arguments, and the log line that says they work. */
const ENTRIES = {
  server: { args: ['bench/parts/unlimited.js', 'server'], ready: /server ready/ },
  worker: { args: ['workers/main.js'], ready: /worker ready/ },
  start: { args: ['bench/parts/unlimited.js', 'start'], ready: /"msg":"ready"/ },
} as const;

/** A process that is not ready by then, ms, will not be. */
const READY_LIMIT_MS = 30_000;
const LOOK_EVERY_MS = 20;

export interface Product {
  pid: number;
  port: number;
  stop(): Promise<void>;
}

let started = 0;

/**
 * Starts a process of the product as an operator would: its settings are the defaults but for rate limits,
 * its log lines of level info go to a file. It ends with the stage.
 */
export async function startProduct(
  stage: Stage,
  entry: keyof typeof ENTRIES,
  extraArguments: readonly string[] = [],
  extraEnvironment: Readonly<Record<string, string>> = {},
): Promise<Product> {
  const port = await freePort();
  const { args, ready } = ENTRIES[entry];
  const [file, ...rest] = args;
  const logPath = join(stage.servers.directory, `${entry}-${(started += 1)}.log`);
  const log = openSync(logPath, 'w');
  const child = spawn(
    process.execPath,
    [...nodeArguments(), ...extraArguments, join(__dirname, '..', '..', file), ...rest],
    {
      stdio: ['ignore', log, log],
      env: {
        PATH: process.env.PATH,
        NODE_ENV: 'production',
        HOST: '127.0.0.1',
        PORT: String(port),
        DATABASE_URL: stage.databaseUrl,
        ...(stage.redisUrl ? { REDIS_URL: stage.redisUrl } : {}),
        DATA_DIR: stage.servers.directory,
        JWT_SECRET: stage.secrets.jwt,
        ENCRYPTION_KEYS: stage.secrets.encryption,
        ALLOW_PRIVATE_HOSTS: '127.0.0.1',
        ...extraEnvironment,
      },
    },
  );
  const exited = guardedExit(child);
  const stop = async () => {
    child.kill('SIGTERM');
    await exited;
  };
  stage.closing.add(stop);
  for (let waited = 0; !ready.test(readFileSync(logPath, 'utf8')); waited += LOOK_EVERY_MS) {
    if (child.exitCode !== null || waited > READY_LIMIT_MS) {
      throw new Error(`The ${entry} process is not ready:\n${readFileSync(logPath, 'utf8')}`);
    }
    await sleep(LOOK_EVERY_MS);
  }
  return { pid: child.pid ?? 0, port, stop };
}
