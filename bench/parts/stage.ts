import { Redis } from 'ioredis';
import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { query, withDatabase } from '../../test/support/postgres';
import { Closing } from '../harness/closing';
import { TEMPLATE, type Servers } from './servers';

export type BrokerKind = 'redis' | 'postgres';

/** What one comparison plays on: a database of its own, and an emptied Redis where there is one. */
export interface Stage {
  databaseUrl: string;
  redisUrl: string | undefined;
  /** A superuser's connection, to make data and to count what happened. */
  sql: Client;
  /** One for all processes of the stage. */
  secrets: { jwt: string; encryption: string };
  servers: Servers;
  /** Processes and connections of the stage; closed with it. */
  closing: Closing;
}

const SECRET_BYTES = 32;
const secret = () => randomBytes(SECRET_BYTES).toString('base64url');

/** Runs `work` on a new stage and clears it away. */
export async function onStage<T>(
  servers: Servers,
  broker: BrokerKind,
  work: (stage: Stage) => Promise<T>,
): Promise<T> {
  const closing = new Closing();
  // Where the run is ended in the middle, the stage goes before the servers.
  servers.closing.add(() => closing.close());
  try {
    const name = `bench_${randomBytes(6).toString('hex')}`;
    await query(servers.postgresUrl, `create database ${name} template ${TEMPLATE}`);
    closing.add(() => query(servers.postgresUrl, `drop database ${name} with (force)`));
    if (broker === 'redis') await emptyRedis(servers.redisUrl);
    const databaseUrl = withDatabase(servers.postgresUrl, name);
    const sql = new Client({ connectionString: databaseUrl });
    await sql.connect();
    closing.add(() => sql.end());
    return await work({
      databaseUrl,
      redisUrl: broker === 'redis' ? servers.redisUrl : undefined,
      sql,
      secrets: { jwt: secret(), encryption: secret() },
      servers,
      closing,
    });
  } finally {
    await closing.close();
  }
}

async function emptyRedis(url: string): Promise<void> {
  const redis = new Redis(url);
  await redis.flushall();
  await redis.quit();
}
