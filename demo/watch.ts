import { runMain, type ProcessContext } from '../lib/process';
import { createApi } from './watch/api';
import { watchLive } from './watch/live';
import { logIn } from './watch/log-in';
import { watchOptions } from './watch/options';
import { createPrinter } from './watch/printer';

/** npm run watch: a dashboard client for the terminal. Logs in, opens every dashboard, and tells what changes. */
async function main({ logger, shutdown }: ProcessContext): Promise<void> {
  // The terminal is for what happens on the dashboards; only what ends us is logged.
  logger.level = 'fatal';
  const options = watchOptions(process.argv.slice(2), process.env);
  const { url, email } = options;
  const colours = process.stdout.isTTY && !process.env.NO_COLOR;
  const printer = createPrinter((line) => void process.stdout.write(`${line}\n`), colours);
  const api = createApi(url);
  const session = await logIn(api, options);
  printer.note(`logged in at ${url} as ${email}`);
  const live = watchLive({ url, api, session, printer });
  shutdown.on('sockets', 'watcher', () => live.close());
}

export const run = () => runMain('watch', main);
if (require.main === module) run();
