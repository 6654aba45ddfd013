import { runMain, type ProcessContext } from '../lib/process';
import { StartupError } from '../lib/errors';
import { startSandbox } from './server';

/** The sandbox as a process of its own, steerable, for tests and measurements. Prints one line when it listens. */
async function main({ logger, shutdown }: ProcessContext): Promise<void> {
  const { PORT = '0', HOST } = process.env;
  const port = Number(PORT);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new StartupError(`PORT ${PORT} is not a port.`);
  const sandbox = await startSandbox({ port, control: true, logger, ...(HOST ? { host: HOST } : {}) });
  shutdown.on('intake', 'sandbox', () => sandbox.close());
  process.stdout.write(`${JSON.stringify({ sandbox: 'ready', url: sandbox.url, port: sandbox.port })}\n`);
}

export const run = () => runMain('sandbox', main);
if (require.main === module) run();
