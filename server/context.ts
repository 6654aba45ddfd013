import type { Authenticator } from '../domain/accounts/authenticate';
import type { Database } from '../db/database';
import type { Jobs } from '../jobs/enqueue';
import type { Broker } from '../lib/broker';
import type { Env } from '../lib/env';
import type { Logger } from '../lib/logger';
import type { Publish } from '../realtime/publish';

/** What the routes and sockets of one server process share. */
export interface ServerContext {
  db: Database;
  broker: Broker;
  jobs: Jobs;
  publish: Publish;
  authenticator: Authenticator;
  env: Env;
  logger: Logger;
}
