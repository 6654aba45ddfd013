import { openDatabase, type Database } from '../db/database';
import { openBroker, type Broker } from '../lib/broker';
import type { Env } from '../lib/env';
import type { Logger } from '../lib/logger';
import type { Shutdown } from '../lib/shutdown';
import { createPublish, type Publish } from '../realtime/publish';
import { createJobs, type Jobs } from '../jobs/enqueue';

/** What every process of the platform has, whether it serves, works or both. */
export interface Parts {
  env: Env;
  logger: Logger;
  db: Database;
  broker: Broker;
  jobs: Jobs;
  publish: Publish;
}

/** Opens them, and registers their closing. Nothing connects before it is used. */
export function openParts(env: Env & { DATABASE_URL: string }, logger: Logger, shutdown: Shutdown): Parts {
  const db = openDatabase(env.DATABASE_URL, env.DATABASE_POOL);
  const broker = openBroker({
    databaseUrl: env.DATABASE_URL,
    redisUrl: env.REDIS_URL,
    cluster: env.REDIS_CLUSTER,
    logger,
  });
  shutdown.on('broker', 'broker', broker.close);
  shutdown.on('pool', 'database pool', db.close);
  return { env, logger, db, broker, jobs: createJobs(broker), publish: createPublish(broker.rooms) };
}
