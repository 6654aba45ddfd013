import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import pino from 'pino';
import { startEmbeddedPostgres } from '../../db/embedded';
import { migrate } from '../../db/migrate';
import { eventually } from './eventually';
import { temporaryDirectory } from './temporary';

export interface CrashingPostgres {
  /** Of a superuser; migrated. */
  url: string;
  /** Kills the server and resolves once it is back: what did not wait for the disk is lost. */
  crash(): Promise<void>;
  stop(): Promise<void>;
}

/** By itself the server would write to the disk every 200 ms; with these nothing does but a commit that waits. */
const ONLY_COMMITS_FLUSH = [
  `alter system set wal_writer_delay = '10s'`,
  `alter system set wal_writer_flush_after = '1GB'`,
  'alter system set autovacuum = off',
  'select pg_reload_conf()',
];

/** A PostgreSQL of a test file's own, to be killed. */
export async function startCrashingPostgres(): Promise<CrashingPostgres> {
  const directory = temporaryDirectory();
  const postgres = await startEmbeddedPostgres({
    dataDir: join(directory, 'data'),
    logger: pino({ level: 'silent' }),
  });
  const ask = async (text: string) => {
    const client = new Client({ connectionString: postgres.url });
    // It hears of the crash, too.
    client.on('error', () => undefined);
    await client.connect();
    try {
      await client.query(text);
    } finally {
      await client.end();
    }
  };
  await migrate(postgres.url);
  for (const statement of ONLY_COMMITS_FLUSH) await ask(statement);
  return {
    url: postgres.url,
    async crash() {
      const killed = postgres.pid;
      process.kill(killed, 'SIGKILL');
      await eventually('Postgres is back', async () => {
        if (postgres.pid === killed) return false;
        return ask('select 1').then(
          () => true,
          () => false,
        );
      });
    },
    async stop() {
      await postgres.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
