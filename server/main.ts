import { requireScaledEnv } from '../lib/env-scaled';
import { env } from '../lib/env';
import { runMain, type ProcessContext } from '../lib/process';
import { assertDatabaseReachable } from '../db/reachable';
import { createOperations } from '../domain/operations';
import { seedPrices } from '../domain/money/seed-prices';
import { migrate } from '../db/migrate';
import { openParts } from '../compose/parts';
import { createServerContext, type ServerOptions } from './context';
import { startServer } from './start';

/** A server process of its own: HTTP and sockets, beside any number of others (README, "Scaled"). */
async function main({ logger, shutdown }: ProcessContext, options: ServerOptions): Promise<void> {
  const scaled = requireScaledEnv(env());
  await assertDatabaseReachable(scaled.DATABASE_URL);
  await migrate(scaled.DATABASE_URL);
  const parts = openParts(scaled, logger, shutdown);
  await seedPrices(parts.db);
  await parts.broker.ready();
  const { port } = await startServer(createServerContext(parts, options), createOperations(parts), shutdown);
  logger.info({ port }, 'server ready');
}

export const run = (options: ServerOptions = {}) => runMain('server', (process) => main(process, options));
if (require.main === module) run();
