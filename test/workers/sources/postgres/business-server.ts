import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import pino from 'pino';
import { startEmbeddedPostgres } from '../../../../db/embedded';
import { SourceError } from '../../../../lib/errors';
import { readClusterIdentity } from '../../../../workers/sources/postgres/own-cluster';
import type { SqlData } from '../../../../workers/sources/postgres/read-rows';
import type { PostgresOptions } from '../../../../workers/sources/postgres/session';
import { createSqlSource } from '../../../../workers/sources/sql';
import { query } from '../../../support/postgres';
import { temporaryDirectory } from '../../../support/temporary';

const PASSWORD = 'reader’s pass';

/** Who the server behind a URL is. */
export async function identityOf(url: string) {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await readClusterIdentity((text) => client.query(text));
  } finally {
    await client.end();
  }
}

/** The platform's own server: the test run's. */
export const ownCluster = () => identityOf(process.env.TEST_POSTGRES_URL ?? '');

export interface Run {
  params?: (string | number | boolean | null)[];
  config?: object;
  password?: string;
  signal?: AbortSignal;
  options?: Partial<PostgresOptions>;
}

export interface BusinessServer {
  url: string;
  password: string;
  /** Runs a query as a source, as the role `reader`. */
  run(text: string, run?: Run): Promise<SqlData>;
  stop(): Promise<void>;
}

/**
 * A business's own server: a second cluster, beside the platform's. The role `reader` owns a table, and
 * functions with the names of built-in ones that do what none of those does: write, leave the read-only mode,
 * sleep.
 */
export async function startBusinessServer(): Promise<BusinessServer> {
  const directory = temporaryDirectory();
  const logger = pino({ level: 'silent' });
  const server = await startEmbeddedPostgres({ dataDir: join(directory, 'data'), logger });
  const routine = (name: string, statement: string) =>
    `CREATE FUNCTION reader.${name}(reader.sales) RETURNS text LANGUAGE plpgsql VOLATILE AS
       $$ BEGIN ${statement}; RETURN 'done'; END $$`;
  const write = "INSERT INTO reader.sales VALUES (now(), 'written', 1)";
  await query(
    server.url,
    `CREATE ROLE reader LOGIN PASSWORD '${PASSWORD}'`,
    'CREATE SCHEMA AUTHORIZATION reader',
    'CREATE TABLE reader.sales (day date, region text, total numeric)',
    "INSERT INTO reader.sales VALUES ('2024-05-01', 'north', 12.50), ('2024-05-02', 'south', 7)",
    'ALTER TABLE reader.sales OWNER TO reader',
    routine('initcap', write),
    routine('lower', `PERFORM set_config('transaction_read_only', 'off', true); ${write}`),
    routine('upper', 'PERFORM pg_sleep(30)'),
  );
  return {
    url: server.url,
    password: PASSWORD,
    run: (text, run = {}) => runOn(server.port, text, run),
    stop: async () => {
      await server.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function runOn(port: number, text: string, run: Run): Promise<SqlData> {
  const { params = [], password = PASSWORD } = run;
  const source = createSqlSource({
    ownCluster,
    allowPrivateHosts: ['127.0.0.1', 'localhost'],
    ...run.options,
  });
  const place = { host: '127.0.0.1', port, database: 'liveboard', user: 'reader', ssl: false };
  const connection = {
    id: '0190c5a0-0000-7000-8000-000000000000',
    kind: 'postgres' as const,
    config: { ...place, ...run.config },
    secret: { password },
  };
  const signal = run.signal ?? new AbortController().signal;
  const context = { businessId: 'b', requestId: 'r', signal, connection };
  const config = { kind: 'sql' as const, connectionId: connection.id, query: text, params };
  return source.fetch(config, context) as Promise<SqlData>;
}

/** What the work fails with; it must be a SourceError. */
export async function failure(work: Promise<unknown>): Promise<SourceError> {
  const error = await work.then(
    () => new Error('It succeeded.'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof SourceError)) throw error;
  return error;
}
