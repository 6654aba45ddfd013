import { Client } from 'pg';
import { eventually } from './eventually';
import { query } from './postgres';

/**
 * Does `work` while a row is locked, and lets go of it when `count` of its statements wait for a lock: whatever
 * they read before that, they read at the same time. Fewer than the connections that the server has.
 */
export async function whileHeld<T>(
  databaseUrl: string,
  row: { table: string; id: string },
  count: number,
  work: () => Promise<T>,
): Promise<T> {
  const holder = new Client({ connectionString: databaseUrl });
  await holder.connect();
  try {
    await holder.query(`begin; select from ${row.table} where id = '${row.id}' for update`);
    const working = work();
    await eventually(`${count} statements wait`, async () => {
      const waiting = await query(
        databaseUrl,
        `select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`,
      );
      return waiting.length >= count;
    });
    await holder.query('commit');
    return await working;
  } finally {
    await holder.end();
  }
}
