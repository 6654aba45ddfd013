import type { Platform } from './platform';

/** Columns that are not for people, and that a process acts on. */
const NOT_BRANDED = ['schedule', 'source', 'config', 'request', 'layout'];

/**
 * Writes a text into everything that a business's rows have to say, wherever the table's constraints let it stand:
 * whatever of them turns up elsewhere can be told by it.
 * @returns the tables that hold it now
 */
export async function brand(
  { sql }: Pick<Platform, 'sql'>,
  businessId: string,
  text: string,
): Promise<string[]> {
  await sql(`do $$ declare place record; begin
    for place in
      select column_name, table_name, data_type from information_schema.columns
       where table_schema = 'public' and data_type in ('text', 'jsonb') and is_generated = 'NEVER'
         and column_name not in (${NOT_BRANDED.map((name) => `'${name}'`).join(', ')})
         and table_name in (${TENANT_TABLES})
    loop
      begin
        if place.data_type = 'text' then
          execute format('update %1$I set %2$I = coalesce(%2$I, '''') || %3$L where business_id = %4$L',
                         place.table_name, place.column_name, ' ${text}', '${businessId}');
        else
          execute format('update %1$I set %2$I = jsonb_build_array(jsonb_build_object(''region'', %3$L, ''amount'', 1))
                           where business_id = %4$L', place.table_name, place.column_name, '${text}', '${businessId}');
        end if;
      exception when others then null;
      end;
    end loop; end $$`);
  await sql(`update businesses set name = name || ' ${text}' where id = $1`, [businessId]);
  await sql(
    `update users set name = name || ' ${text}' where id in (select user_id from memberships where business_id = $1)`,
    [businessId],
  );
  const held = await rowsOf({ sql }, businessId);
  return [...held].filter(([, rows]) => rows.includes(text)).map(([table]) => table);
}

const TENANT_TABLES = `select c.table_name from information_schema.columns c join information_schema.tables t
  using (table_schema, table_name) where c.table_schema = 'public' and c.column_name = 'business_id'
  and t.table_type = 'BASE TABLE'`;

/** Every row of a business as text, by table. */
export async function rowsOf(
  { sql }: Pick<Platform, 'sql'>,
  businessId: string,
): Promise<Map<string, string>> {
  const tables = (await sql(`${TENANT_TABLES} order by 1`)) as { table_name: string }[];
  const rows = new Map<string, string>();
  for (const { table_name: table } of tables) {
    const [row] = await sql(
      `select coalesce(string_agg(t::text, E'\\n'), '') as text from ${table} t where business_id = $1`,
      [businessId],
    );
    rows.set(table, row?.text as string);
  }
  return rows;
}
