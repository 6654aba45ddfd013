import { Client, type QueryResult } from 'pg';
import { openDatabase, type Database } from '../../db/database';
import { newId } from '../../lib/ids';
import { fillEveryTable, type TenantRows } from '../factories/every-table';
import { createTenant, type Tenant } from '../factories/tenant';
import { createTestDatabase } from '../support/postgres';

/** Refused by a policy or for want of a right. */
const INSUFFICIENT_PRIVILEGE = '42501';
const FOREIGN_KEY = '23503';

let database: { url: string; drop(): Promise<void> };
let db: Database;
/** As the owner of the tables. */
let owner: Client;
/** As the role of every pooled connection. */
let app: Client;
let a: Tenant;
let b: Tenant;
let rowsOf: { a: TenantRows; b: TenantRows };
/** Every table with a business_id, and its columns that can be written. */
let tables: { name: string; columns: string[] }[];

beforeAll(async () => {
  database = await createTestDatabase();
  db = openDatabase(database.url, 2);
  const making = { db, secrets: ['a secret'] };
  [a, b] = [await createTenant(making, 'A'), await createTenant(making, 'B')];
  rowsOf = { a: await fillEveryTable(database.url, a), b: await fillEveryTable(database.url, b) };
  [owner, app] = [
    new Client({ connectionString: database.url }),
    new Client({ connectionString: database.url }),
  ];
  await Promise.all([owner.connect(), app.connect()]);
  await app.query('set role liveboard_app');
  ({ rows: tables } = await owner.query<{ name: string; columns: string[] }>(`
    select c.relname as name, array_agg(column_.attname::text) as columns
      from pg_class c join pg_attribute column_ on column_.attrelid = c.oid and column_.attnum > 0
     where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not column_.attisdropped
       and column_.attgenerated = '' and column_.attidentity = ''
       and exists (select from pg_attribute where attrelid = c.oid and attname = 'business_id')
     group by c.relname order by c.relname`));
});
afterAll(async () => {
  await Promise.all([owner.end(), app.end()]);
  await db.close();
  await database.drop();
});

/** What the tenants' role has rights on; these are the platform's own (a mail may be handed over: test/domain/mail). */
const PLATFORMS = new Set(['business_turns', 'mails', 'sessions']);
const tenants = () => tables.filter(({ name }) => !PLATFORMS.has(name));

async function asApp(
  businessId: string | undefined,
  text: string,
  values: unknown[] = [],
): Promise<QueryResult> {
  await app.query('begin');
  try {
    if (businessId !== undefined) await app.query(`set local app.business_id = '${businessId}'`);
    return await app.query(text, values);
  } finally {
    await app.query('rollback');
  }
}
const codeOf = (work: Promise<unknown>): Promise<string | undefined> =>
  work.then(
    () => undefined,
    (error: { code: string }) => error.code,
  );

/** Rows that a statement touched; none where there is no right to touch any (the audit log is added to and read). */
const touchedBy = (work: Promise<QueryResult>): Promise<number | null> =>
  work.then(
    ({ rowCount }) => rowCount,
    (error: { code: string }) => {
      if (error.code === INSUFFICIENT_PRIVILEGE) return 0;
      throw error as unknown as Error;
    },
  );

it('has rows of both businesses in every table that belongs to one', async () => {
  expect(tables.length).toBeGreaterThan(15);
  for (const { name } of tables) {
    for (const { businessId } of [a, b]) {
      const { rowCount } = await owner.query(`select from ${name} where business_id = $1`, [businessId]);
      expect([name, (rowCount ?? 0) > 0]).toEqual([name, true]);
    }
  }
});

describe('the role of a business', () => {
  it('sees its own rows', async () => {
    for (const { name } of tenants()) {
      const { rows } = await asApp(a.businessId, `select business_id as id from ${name}`);
      const [all] = (
        await owner.query(`select count(*)::int as n from ${name} where business_id = $1`, [a.businessId])
      ).rows;
      expect([name, rows.length, new Set(rows.map(({ id }) => id as string))]).toEqual([
        name,
        (all as { n: number }).n,
        new Set([a.businessId]),
      ]);
    }
  });

  it.each([undefined, ''])('sees nothing and writes nothing in scope %j', async (scope) => {
    for (const { name } of [...tenants(), { name: 'users' }, { name: 'businesses' }]) {
      const key = name === 'users' || name === 'businesses' ? 'id' : 'business_id';
      expect([name, (await asApp(scope, `select ${key} from ${name}`)).rowCount]).toEqual([name, 0]);
    }
    for (const { name } of tenants()) {
      expect([name, await touchedBy(asApp(scope, `delete from ${name}`))]).toEqual([name, 0]);
    }
  });

  it('gets no row into another business, by insert or by update', async () => {
    for (const { name, columns } of tenants()) {
      const list = columns.map((column) => `"${column}"`).join(', ');
      const { rows } = await owner.query(
        `select to_json(t) as row from ${name} t where business_id = $1 limit 1`,
        [b.businessId],
      );
      const insert = asApp(
        a.businessId,
        `insert into ${name} (${list}) select ${list} from json_populate_record(null::${name}, $1)`,
        [(rows[0] as { row: object }).row],
      );
      expect([name, await codeOf(insert)]).toEqual([name, INSUFFICIENT_PRIVILEGE]);
      const update = asApp(a.businessId, `update ${name} set business_id = $1`, [b.businessId]);
      expect([name, await codeOf(update)]).toEqual([name, INSUFFICIENT_PRIVILEGE]);
    }
  });

  it('changes and deletes nothing of another business', async () => {
    for (const { name } of tenants()) {
      const touch = `update ${name} set business_id = business_id where business_id = $1`;
      expect([name, await touchedBy(asApp(a.businessId, touch, [b.businessId]))]).toEqual([name, 0]);
      const remove = `delete from ${name} where business_id = $1`;
      expect([name, await touchedBy(asApp(a.businessId, remove, [b.businessId]))]).toEqual([name, 0]);
    }
    const rename = `update businesses set name = 'Taken' where id = $1`;
    expect((await asApp(a.businessId, rename, [b.businessId])).rowCount).toBe(0);
    expect((await asApp(a.businessId, rename, [a.businessId])).rowCount).toBe(1);
    expect(await codeOf(asApp(a.businessId, 'update businesses set id = $1', [newId()]))).toBe(
      INSUFFICIENT_PRIVILEGE,
    );
  });

  it('adds to the audit log and reads it, but changes and deletes nothing in it', async () => {
    for (const text of [
      'update audit_events set action = action',
      'delete from audit_events',
      'truncate audit_events',
    ]) {
      expect([text, await codeOf(asApp(a.businessId, text))]).toEqual([text, INSUFFICIENT_PRIVILEGE]);
      if (text.startsWith('delete')) continue;
      await owner.query('begin; set local role liveboard_system');
      expect([text, await codeOf(owner.query(text))]).toEqual([text, INSUFFICIENT_PRIVILEGE]);
      await owner.query('rollback');
    }
  });

  it('sees its own people and never their passwords', async () => {
    const { rows } = await asApp(a.businessId, 'select id from users');
    const people = [a.viewer, a.member, a.manager, a.admin].map(({ userId }) => userId);
    expect(rows.map(({ id }) => id as string).sort()).toEqual(people.sort());
    for (const text of [
      'select password_hash from users',
      'select * from users',
      'select users from users',
      'select id from users order by password_hash',
      `update users set name = 'Taken'`,
      'delete from users',
    ]) {
      expect([text, await codeOf(asApp(a.businessId, text))]).toEqual([text, INSUFFICIENT_PRIVILEGE]);
    }
  });

  it('has no rights on what is the platform’s, and can’t get any', async () => {
    const open = await owner.query(`
      select format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname not in ('pg_catalog', 'information_schema')
         and not c.relrowsecurity and has_any_column_privilege('liveboard_app', c.oid, 'select, insert, update')`);
    expect(open.rows).toEqual([]);
    for (const name of [
      'sessions',
      'operator_sessions',
      'business_turns',
      'worker_nodes',
      'knex_migrations',
    ]) {
      expect([name, await codeOf(asApp(a.businessId, `select from ${name}`))]).toEqual([
        name,
        INSUFFICIENT_PRIVILEGE,
      ]);
    }
    const { rows } = await owner.query(`
      select rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolcanlogin as mighty,
             pg_has_role(rolname, 'liveboard_system', 'member') as member,
             has_schema_privilege(rolname, 'public', 'create') as creates,
             exists (select from pg_class where relowner = r.oid) as owns
        from pg_roles r where rolname = 'liveboard_app'`);
    expect(rows).toEqual([{ mighty: false, member: false, creates: false, owns: false }]);
    // Whatever runs with its owner's rights instead of the caller's would be a way around.
    const around = await owner.query(`
      select proname as name from pg_proc where prosecdef and pronamespace <> 'pg_catalog'::regnamespace
      union all select viewname from pg_views where schemaname not in ('pg_catalog', 'information_schema')`);
    expect(around.rows).toEqual([]);
    for (const text of [
      'truncate widgets',
      'alter table widgets disable row level security',
      'drop policy tenant on widgets',
    ]) {
      expect([text, await codeOf(asApp(a.businessId, text))]).toEqual([text, INSUFFICIENT_PRIVILEGE]);
    }
  });
});

describe('foreign keys', () => {
  it('carry the business wherever both sides have one', async () => {
    const { rows } = await owner.query(`
      select conname from pg_constraint k
       where contype = 'f' and exists (select from pg_attribute where attrelid = k.confrelid and attname = 'business_id')
         and not exists (select from pg_attribute where attrelid = k.conrelid and attnum = any(k.conkey) and attname = 'business_id')`);
    expect(rows).toEqual([]);
  });

  it('refuse what reaches into another business, even for the system’s role', async () => {
    const [own, theirs] = [rowsOf.a, rowsOf.b];
    const attempts: [string, unknown[]][] = [
      ['update widgets set connection_id = $2 where id = $1', [own.widgetId, theirs.connectionId]],
      [
        'update source_probes set connection_id = $2 where business_id = $1',
        [a.businessId, theirs.connectionId],
      ],
      ['insert into dashboard_widgets values ($1, $2, $3)', [own.dashboardId, theirs.widgetId, a.businessId]],
      ['insert into dashboard_widgets values ($1, $2, $3)', [own.dashboardId, theirs.widgetId, b.businessId]],
      ...['widget_data', 'widget_schedules', 'widget_data_history'].map((table): [string, unknown[]] => [
        `update ${table} set widget_id = $2 where widget_id = $1`,
        [own.widgetId, newId()],
      ]),
      ...['widget_data', 'widget_schedules', 'widget_data_history'].map((table): [string, unknown[]] => [
        `update ${table} set business_id = $2 where widget_id = $1`,
        [own.widgetId, b.businessId],
      ]),
      [
        'update presence_dashboards set dashboard_id = $2 where connection_id = $1',
        [own.presenceId, theirs.dashboardId],
      ],
      ['update presence_people set scope_id = $2 where scope_id = $1', [own.scopeId, theirs.scopeId]],
      ['update presence_scopes set business_id = $2 where scope_id = $1', [own.scopeId, b.businessId]],
    ];
    for (const [text, values] of attempts) {
      await owner.query('begin; set local role liveboard_system');
      expect([text, await codeOf(owner.query(text, values))]).toEqual([text, FOREIGN_KEY]);
      await owner.query('rollback');
    }
  });
});
