import { runMigrations } from 'bullmq';
import knex from 'knex';
import { Client } from 'pg';
import { migrationSource } from './migrations';

/** Spells "LIVE". Held while migrating, so that processes that start together migrate one after the other. */
const MIGRATION_LOCK = 0x4c495645;

/**
 * Brings a database up to date: our tables, then BullMQ's own schema (used where there is no Redis).
 * Safe to call from any number of processes at once.
 */
export async function migrate(databaseUrl: string): Promise<void> {
  const lock = new Client({ connectionString: databaseUrl });
  await lock.connect();
  const db = knex({ client: 'pg', connection: databaseUrl, pool: { min: 0, max: 1 } });
  try {
    await lock.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await db.migrate.latest({ migrationSource, disableMigrationsListValidation: false });
    await runMigrations(lock);
  } finally {
    await db.destroy();
    await lock.end();
  }
}
