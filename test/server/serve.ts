import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import pino from 'pino';
import { openDatabase, type Database } from '../../db/database';
import { createOperations } from '../../domain/operations';
import { createJobs, type Jobs } from '../../jobs/enqueue';
import { openBroker } from '../../lib/broker';
import { parseEnv } from '../../lib/env';
import type { Operations } from '../../lib/health/answer';
import type { Logger } from '../../lib/logger';
import { createPublish } from '../../realtime/publish';
import { createApp } from '../../server/app';
import { createServerContext, type ServerContext, type ServerOptions } from '../../server/context';
import { NO_LIMITS } from '../support/no-limits';
import { createTestDatabase } from '../support/postgres';

export const JWT_SECRET = 'a secret of the tests only and long enough';

export interface Served {
  url: string;
  port: number;
  databaseUrl: string;
  db: Database;
  jobs: Jobs;
  context: ServerContext;
  operations: Operations;
  close(): Promise<void>;
}

/** A server over real HTTP on a database of its own, without sockets. */
export async function serve(
  environment: NodeJS.ProcessEnv = {},
  options: ServerOptions = { rateLimits: NO_LIMITS },
  logger: Logger = pino({ level: process.env.TEST_LOG_LEVEL ?? 'silent' }),
): Promise<Served> {
  const database = await createTestDatabase();
  // Nothing is there: no server asks a provider.
  const SANDBOX_URL = 'http://127.0.0.1:1';
  const env = parseEnv({ JWT_SECRET, DATABASE_URL: database.url, SANDBOX_URL, ...environment });
  const db = openDatabase(env.DATABASE_URL ?? database.url, 4);
  const broker = openBroker({ databaseUrl: database.url, redisUrl: env.REDIS_URL, logger });
  const jobs = createJobs(broker);
  await Promise.all(Object.values(jobs.queues).map((queue) => queue.waitUntilReady()));
  const publish = createPublish(broker.rooms);
  const context = createServerContext({ db, broker, jobs, publish, env, logger }, options);
  const operations = createOperations(context);
  const handle = createApp(context, operations).callback();
  const server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    databaseUrl: database.url,
    db,
    jobs,
    context,
    operations,
    async close() {
      server.close();
      server.closeAllConnections();
      operations.health.close();
      await broker.close();
      await db.close();
      await database.drop();
    },
  };
}

export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  /** @throws SyntaxError where it is not JSON */
  json(): unknown;
}

/** Fetches and reads the whole answer: an unread body would keep its connection open. Follows no redirect. */
export async function ask(url: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(url, { redirect: 'manual', ...init });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: () => JSON.parse(text) as unknown,
  };
}
