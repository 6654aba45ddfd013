import { rmSync } from 'node:fs';
import pino from 'pino';
import { openParts, type Parts } from '../../compose/parts';
import { freePort } from '../../db/embedded/port';
import { localBaseUrl } from '../../demo/address';
import { seedDemo, type SeedOptions } from '../../demo/business/seed';
import { parseEnv } from '../../lib/env';
import { createMetrics } from '../../lib/metrics/metrics';
import { createShutdown, type Shutdown } from '../../lib/shutdown';
import { createOperations } from '../../domain/operations';
import { createServerContext } from '../../server/context';
import { startServer } from '../../server/start';
import { startWorkers } from '../../workers/app';
import { createTestDatabase, query } from '../support/postgres';
import { temporaryDirectory } from '../support/temporary';

export const PASSWORD = 'a password of the tests';

/** A platform on a database of its own, as `npm start` composes it, with nothing started yet. */
export interface Platform extends Parts {
  databaseUrl: string;
  dataDir: string;
  shutdown: Shutdown;
  baseUrl: string;
  /** What a seed without the simulated shop is given. */
  seedOptions: SeedOptions;
  seed(options?: Partial<SeedOptions>): ReturnType<typeof seedDemo>;
  /** As the tables' owner. */
  sql(...statements: string[]): Promise<Record<string, unknown>[]>;
  /** HTTP and sockets. */
  listen(): Promise<void>;
  /** Refreshes and agents' replies. */
  work(): Promise<void>;
  close(): Promise<void>;
}

/** @param sandboxUrl who answers for the agents; without one they have no provider */
export async function createPlatform(sandboxUrl?: string): Promise<Platform> {
  const database = await createTestDatabase();
  const dataDir = temporaryDirectory();
  const logger = pino({ level: process.env.TEST_LOG_LEVEL ?? 'silent' });
  const shutdown = createShutdown(logger);
  const port = await freePort();
  const env = parseEnv({
    DATABASE_URL: database.url,
    HOST: '127.0.0.1',
    PORT: String(port),
    JWT_SECRET: 'a secret of the tests only, long enough',
    ENCRYPTION_KEYS: 'a key of the tests only, long enough',
    SANDBOX_URL: sandboxUrl,
  });
  const parts = openParts({ ...env, DATABASE_URL: database.url }, logger, shutdown);
  const baseUrl = localBaseUrl(env.HOST, port);
  const seedOptions: SeedOptions = {
    sales: undefined,
    baseUrl,
    metricsToken: undefined,
    password: PASSWORD,
    operatorMayAct: true,
    providers: {},
    encryptionKeys: env.ENCRYPTION_KEYS,
  };
  return {
    ...parts,
    databaseUrl: database.url,
    dataDir,
    shutdown,
    baseUrl,
    seedOptions,
    seed: (options) => seedDemo(parts.db, { ...seedOptions, ...options }),
    sql: (...statements) => query(database.url, ...statements),
    listen: async () =>
      void (await startServer(createServerContext(parts), createOperations(parts), shutdown)),
    work: () => startWorkers({ ...parts, metrics: createMetrics(), shutdown }),
    async close() {
      await shutdown.run('the test ended');
      await database.drop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
