import { requireScaledEnv } from '../lib/env-scaled';
import { env } from '../lib/env';
import { runMain, type ProcessContext } from '../lib/process';
import { assertDatabaseReachable } from '../db/reachable';
import { createOperations } from '../domain/operations';
import { listenForOperations } from '../lib/health/listener';
import { seedPrices } from '../domain/money/seed-prices';
import { migrate } from '../db/migrate';
import { openParts } from '../compose/parts';
import { startWorkers } from './app';

/** A worker process of its own, with the schedule; beside any number of others (README, "Scaled"). */
async function main({ logger, shutdown }: ProcessContext): Promise<void> {
  const scaled = requireScaledEnv(env());
  await assertDatabaseReachable(scaled.DATABASE_URL);
  await migrate(scaled.DATABASE_URL);
  const parts = openParts(scaled, logger, shutdown);
  await seedPrices(parts.db);
  await parts.broker.ready();
  const operations = createOperations(parts);
  await startWorkers({ ...parts, metrics: operations.metrics, shutdown });
  const { WORKER_METRICS_PORT: port, HOST: host, METRICS_TOKEN: token } = scaled;
  if (port !== undefined) await listenForOperations(operations, { port, host, token, logger, shutdown });
  else shutdown.on('broker', 'health', () => operations.health.close());
  logger.info('worker ready');
}

export const run = () => runMain('worker', main);
if (require.main === module) run();
