import { query } from './postgres';

/** Every row of every table as text, those of a queue in this database among them. */
export async function everyRow(databaseUrl: string): Promise<string> {
  const tables = await query(
    databaseUrl,
    `select format('%I.%I', schemaname, tablename) as name from pg_tables
      where schemaname not in ('pg_catalog', 'information_schema')`,
  );
  const texts = await Promise.all(
    tables.map(({ name }) => query(databaseUrl, `select t::text as text from ${String(name)} t`)),
  );
  return texts
    .flat()
    .map(({ text }) => String(text))
    .join('\n');
}
