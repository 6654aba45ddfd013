import { rmSync } from 'node:fs';
import { join } from 'node:path';
import pino from 'pino';
import { startEmbeddedPostgres } from '../../db/embedded';
import { migrate } from '../../db/migrate';
import { query, withDatabase } from '../../test/support/postgres';
import { startRedis } from '../../test/support/redis';
import { removeLeftovers, temporaryDirectory } from '../../test/support/temporary';
import type { Closing } from '../harness/closing';

/** The one PostgreSQL and the one Redis of a run, both with the settings the product gives or demands. */
export interface Servers {
  /** A URL on the cluster; its database is nobody's. */
  postgresUrl: string;
  postgresPid: number;
  redisUrl: string;
  redisPid: number;
  /** Where processes write their logs and profiles. */
  directory: string;
  /** Of the whole run. */
  closing: Closing;
}

/** Holds the migrated schema; every measurement's database is a clone of it. */
export const TEMPLATE = 'bench_template';

/** Starts both: an embedded cluster with fsync on, and a redis-server with an append-only file (everysec). */
export async function startServers(closing: Closing): Promise<Servers> {
  removeLeftovers();
  const directory = temporaryDirectory();
  closing.add(() => {
    // After a failure the logs are what one wants to read; the next run removes them.
    if (process.exitCode) console.error(`The processes' logs are in ${directory}.`);
    else rmSync(directory, { recursive: true, force: true });
  });
  const postgres = await startEmbeddedPostgres({
    dataDir: join(directory, 'data'),
    logger: pino({ level: 'warn' }),
  });
  closing.add(() => postgres.stop());
  const redis = await startRedis();
  closing.add(() => redis.stop());
  await query(postgres.url, `create database ${TEMPLATE}`);
  await migrate(withDatabase(postgres.url, TEMPLATE));
  return {
    postgresUrl: postgres.url,
    postgresPid: postgres.pid,
    redisUrl: redis.url,
    redisPid: redis.pid,
    directory,
    closing,
  };
}
