import type { Client } from 'pg';
import { newId } from '../../lib/ids';
import type { Person } from './fixture';
import type { Random } from './random';

const A_DASHBOARD = `(select id from dashboards where business_id = $1 order by random() limit 1)`;
const A_THEME = `(select id from themes where business_id = $1 and user_id = $2 order by random() limit 1)`;

/** One random write to what a person has for themselves. */
export async function writePersonal(
  client: Client,
  random: Random,
  { businessId, userId }: Pick<Person, 'businessId' | 'userId'>,
): Promise<void> {
  const run = (text: string, ...values: unknown[]) => client.query(text, [businessId, userId, ...values]);
  const prefer = (column: string, value: string) =>
    run(
      `insert into preferences (id, business_id, user_id, ${column}) values ($3, $1, $2, ${value})
       on conflict (business_id, user_id) do update set ${column} = excluded.${column}`,
      newId(),
    );
  const addTheme = () =>
    run(
      `insert into themes (id, business_id, user_id, name, mode, colors, border_radius)
       values ($3, $1, $2, 't', 'dark', '{}', '8px')`,
      newId(),
    );
  const writes = [
    addTheme,
    addTheme,
    () => run(`update themes set name = $3 where id = ${A_THEME}`, `t${random(1e6)}`),
    () => run(`delete from themes where id = ${A_THEME}`),
    () => prefer('active_theme_id', A_THEME),
    () => prefer('active_dashboard_id', A_DASHBOARD),
    () => prefer('default_dashboard_id', A_DASHBOARD),
    () => prefer('sidebar_width', String(48 + random(500))),
    () => random(4) || run('delete from preferences where business_id = $1 and user_id = $2'),
  ];
  await writes[random(writes.length)]?.();
}
