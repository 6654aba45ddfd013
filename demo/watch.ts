import { StartupError } from '../lib/errors';
import { runMain, type ProcessContext } from '../lib/process';
import { ApiError, createApi } from './watch/api';
import { watchLive } from './watch/live';
import { watchOptions } from './watch/options';
import { createPrinter } from './watch/printer';
import { openSession, type Session } from './watch/session';

/** npm run watch: a dashboard client for the terminal. Logs in, opens every dashboard, and tells what changes. */
async function main({ logger, shutdown }: ProcessContext): Promise<void> {
  // The terminal is for what happens on the dashboards; only what ends us is logged.
  logger.level = 'fatal';
  const { url, email, password } = watchOptions(process.argv.slice(2), process.env);
  const colours = process.stdout.isTTY && !process.env.NO_COLOR;
  const printer = createPrinter((line) => void process.stdout.write(`${line}\n`), colours);
  const api = createApi(url);
  const session = await logIn(() => openSession(api, email, password), url);
  printer.note(`logged in at ${url} as ${email}`);
  const live = watchLive({ url, api, session, printer });
  shutdown.on('sockets', 'watcher', () => live.close());
}

/** @throws StartupError that says what to do */
async function logIn(open: () => Promise<Session>, url: string): Promise<Session> {
  try {
    return await open();
  } catch (error) {
    if (error instanceof StartupError) throw error;
    if (error instanceof ApiError) throw new StartupError(`The server at ${url} refused: ${error.message}`);
    throw new StartupError(`Nothing answers at ${url}. Start it first: npm start`, { cause: error });
  }
}

export const run = () => runMain('watch', main);
if (require.main === module) run();
