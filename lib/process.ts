import { constants } from 'node:os';
import { join } from 'node:path';
import { loadDotenv } from './dotenv';
import { StartupError } from './errors';
import { logger, type Logger } from './logger';
import { createShutdown, type Shutdown } from './shutdown';

/** The project's folder: two up from dist/lib. `.env` lies there. */
export const PROJECT_DIR = join(__dirname, '..', '..');

/**
 * Within this time, ms, a second signal of the same kind is the first one's echo: a terminal sends Ctrl-C to
 * everyone in the group, and npm passes its own on to us.
 */
const ECHO_MS = 500;

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

export interface ProcessContext {
  logger: Logger;
  /** Where `main` registers what it opens, as soon as it begins to open it. Runs on a signal or a failure. */
  shutdown: Shutdown;
}

/**
 * The life of a process of ours: reads `.env`, runs `main`, and on SIGTERM or SIGINT closes everything in
 * order and exits with 0. A second signal exits at once. What nobody caught is logged as fatal and ends the
 * process in order, too, with exit code 1.
 *
 * An entry file exports `run = () => runMain(name, main)` for scripts/run.mjs, and calls it itself only when
 * it is the main module: `if (require.main === module) run();`
 * @param name in every log line, as `process`
 * @param main resolves once everything runs. A StartupError from it becomes one line on stderr
 */
export function runMain(name: string, main: (context: ProcessContext) => Promise<void>): void {
  const log = logger.child({ process: name });
  const shutdown = createShutdown(log);
  let ending: { signal: string; at: number } | undefined;

  const end = async (reason: string, code: number) => {
    const clean = await shutdown.run(reason);
    process.exit(clean ? code : 1);
  };
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      const at = performance.now();
      if (ending?.signal === signal && at - ending.at < ECHO_MS) return;
      if (ending) process.exit(128 + constants.signals[signal]);
      ending = { signal, at };
      void end(signal, 0);
    });
  }
  const fatal = (kind: string) => (error: unknown) => {
    log.fatal({ err: error }, kind);
    void end(kind, 1);
  };
  process.on('uncaughtException', fatal('uncaught exception'));
  process.on('unhandledRejection', fatal('unhandled rejection'));

  const start = async () => {
    loadDotenv(join(PROJECT_DIR, '.env'));
    setLevel(log);
    await main({ logger: log, shutdown });
  };
  start().catch(async (error: unknown) => {
    if (!(error instanceof StartupError)) {
      log.fatal({ err: error }, 'the start failed');
      return end('the start failed', 1);
    }
    // Closed first, so that the line is the last thing the operator reads.
    await shutdown.run('the start failed');
    process.stderr.write(`liveboard: ${error.message}\n`);
    process.exit(1);
  });
}

/** The logger was made before `.env` was read. A level that doesn't exist is parseEnv's to refuse. */
function setLevel(log: Logger): void {
  const level = process.env.LOG_LEVEL;
  if (!level || !(level in logger.levels.values || level === 'silent')) return;
  logger.level = level;
  log.level = level;
}
