import { Client } from 'pg';

/** What every table holds: its name to a digest of its rows, BullMQ's tables included. */
export async function contentsOf(databaseUrl: string): Promise<Record<string, string>> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const tables = await client.query<{ name: string }>(
      `select format('%I.%I', schemaname, tablename) as name from pg_tables
        where schemaname not in ('pg_catalog', 'information_schema')`,
    );
    const parts = tables.rows.map(
      ({ name }) =>
        `select '${name}' as name, count(*) || ' rows, ' ||
           coalesce(md5(string_agg(t::text, '|' order by t::text)), '') as digest from ${name} t`,
    );
    const digests = await client.query<{ name: string; digest: string }>(parts.join(' union all '));
    return Object.fromEntries(digests.rows.map(({ name, digest }) => [name, digest]));
  } finally {
    await client.end();
  }
}
