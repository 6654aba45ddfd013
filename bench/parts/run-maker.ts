import { openParts } from '../../compose/parts';
import { withTenant } from '../../db/scope';
import type { Delivery } from '../../domain/runs/delivery';
import { createRun } from '../../domain/runs/create';
import type { Actor } from '../../domain/roles';
import { parseEnv } from '../../lib/env';
import { logger } from '../../lib/logger';
import { createShutdown } from '../../lib/shutdown';
import { serveCommands } from './helper';

interface Setting {
  databaseUrl: string;
  redisUrl: string | undefined;
  actor: Actor;
  agentId: string;
}

/** Questions as POST leaves them, without HTTP: made first, then handed to the workers all at once. */
serveCommands(async ({ databaseUrl, redisUrl, actor, agentId }: Setting) => {
  const env = parseEnv({ DATABASE_URL: databaseUrl, REDIS_URL: redisUrl });
  const { db, jobs, broker } = openParts(
    { ...env, DATABASE_URL: databaseUrl },
    logger,
    createShutdown(logger),
  );
  await broker.ready();
  let deliveries: Delivery[] = [];
  return {
    /** @returns the runs' ids */
    async make({ count, words }: { count: number; words: string }) {
      deliveries = [];
      for (let n = 0; n < count; n += 1) {
        const made = await withTenant(db, actor.businessId, (tx) =>
          createRun(tx, actor, { agentId, content: words, requestId: `bench-${n}` }),
        );
        deliveries.push(...made.deliveries);
      }
      return deliveries.map(({ runId }) => runId);
    },
    handOver: () => jobs.enqueueMany('agent-run', deliveries),
  };
});
