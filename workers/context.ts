import type { Database } from '../db/database';
import type { Jobs } from '../jobs/enqueue';
import type { Broker } from '../lib/broker';
import type { Env } from '../lib/env';
import type { Logger } from '../lib/logger';
import type { Publish } from '../realtime/publish';
import type { SourceRegistry } from './sources/registry';

/** What the handlers of one worker process share. */
export interface WorkerContext {
  db: Database;
  broker: Broker;
  jobs: Jobs;
  publish: Publish;
  sources: SourceRegistry;
  env: Env;
  logger: Logger;
  /** Tells the sweeper of this process that a slot is free. */
  wakeSweeper: () => void;
}
