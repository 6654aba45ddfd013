import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Client } from 'pg';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../db/embedded';
import { prepareDataDir } from '../../db/embedded/data-dir';
import type { Logger } from '../../lib/logger';
import { secretFile } from '../../lib/secret-file';
import type { Shutdown } from '../../lib/shutdown';
import { openStore, READER } from './fill';

const DATABASE = 'demo_store';
const PASSWORD_BYTES = 24;

/** What the platform's connection to the shop needs. */
export interface SalesDatabase {
  host: string;
  port: number;
  database: string;
  user: string;
  password: string;
}

export interface DemoStore {
  sales: SalesDatabase;
  /** Of the shop's own side, which writes. */
  ownerUrl: string;
}

interface DemoStoreOptions {
  /** Of embedded mode; the shop has a folder in it. */
  dataDir: string;
  logger: Logger;
  shutdown: Shutdown;
}

/**
 * Starts the simulated shop's database: a PostgreSQL of its own, since the platform's own is never read by a
 * business's SQL. Its first 90 days are there when this resolves. Stops with `shutdown`.
 */
export async function startDemoStore({ dataDir, logger, shutdown }: DemoStoreOptions): Promise<DemoStore> {
  const folder = join(dataDir, 'demo-sales');
  prepareDataDir(dataDir);
  const starting = startEmbeddedPostgres({
    dataDir: folder,
    logger: logger.child({ cluster: 'demo-sales' }),
  });
  // Registered before it is up, since a signal may come in between. A failed start has nothing to stop.
  shutdown.on('database', 'demo sales database', async () => {
    const postgres = await starting.catch(() => undefined);
    await postgres?.stop();
  });
  const postgres = await starting;
  const ownerUrl = await makeDatabase(postgres);
  const password = secretFile(join(folder, 'reader.password'), () =>
    randomBytes(PASSWORD_BYTES).toString('base64url'),
  );
  await openStore(ownerUrl, password, new Date());
  return {
    sales: { host: '127.0.0.1', port: postgres.port, database: DATABASE, user: READER, password },
    ownerUrl,
  };
}

async function makeDatabase({ url }: EmbeddedPostgres): Promise<string> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rowCount } = await client.query('select from pg_database where datname = $1', [DATABASE]);
    if (rowCount === 0) await client.query(`create database ${DATABASE}`);
  } finally {
    await client.end();
  }
  const result = new URL(url);
  result.pathname = `/${DATABASE}`;
  return result.href;
}
