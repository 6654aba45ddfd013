import { join } from 'node:path';
import pino from 'pino';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../db/embedded';
import { migrate } from '../../db/migrate';
import { query, TEMPLATE, withDatabase } from './postgres';
import { startRedis, type TestRedis } from './redis';
import { removeLeftovers, temporaryDirectory } from './temporary';

/** What global-teardown.ts ends. */
export interface TestServers {
  postgres: EmbeddedPostgres;
  redis: TestRedis;
  directory: string;
}

declare global {
  var testServers: TestServers | undefined;
}

/**
 * One real PostgreSQL and one real Redis for the whole run, in a temporary folder, with fsync on as in
 * production. Test files find them through createTestDatabase() and createTestRedis().
 */
export default async function globalSetup({ maxWorkers }: { maxWorkers: number }): Promise<void> {
  removeLeftovers();
  const directory = temporaryDirectory();
  const logger = pino({ level: process.env.LOG_LEVEL ?? 'warn' });
  const [postgres, redis] = await Promise.all([
    startEmbeddedPostgres({ dataDir: join(directory, 'data'), logger }),
    startRedis(),
  ]);
  globalThis.testServers = { postgres, redis, directory };
  await makeTemplate(postgres.url);
  process.env.TEST_POSTGRES_URL = postgres.url;
  process.env.TEST_REDIS_URL = redis.url;
  process.env.TEST_WORKERS = String(maxWorkers);
}

async function makeTemplate(server: string): Promise<void> {
  await query(server, `CREATE DATABASE ${TEMPLATE}`);
  await migrate(withDatabase(server, TEMPLATE));
}
