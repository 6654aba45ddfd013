import { checkSelect } from '../../../domain/sql/select-statement';

const message = async (query: string, paramCount = 0): Promise<string> =>
  (await checkSelect(query, paramCount))?.map((problem) => problem.message).join(' ') ?? 'fine';

describe('allowed', () => {
  test.each([
    'select 1',
    'SELECT 1;',
    'select 1 -- with a comment; drop table x',
    'select /* ; drop /* nested */ table x */ 1',
    'table orders',
    "values (1, 'a'), (2, 'b')",
    "select ';', $tag$ ; drop table x $tag$, e'\\''",
    'select 1 union all select 2 except select 3 intersect (select 4) order by 1 limit 3 offset 1',
    'select * from sales.orders as o(id, total) where not (o.id = 1 and o.total <> 2 or o.id is not null)',
    'select o.*, c.name from orders o join customers c using (id) left join x on true cross join y natural join z',
    'with recent as (select * from orders), totals as materialized (select 1) select * from recent, totals',
    'with recursive n(i) as (select 1 union all select i + 1 from n where i < 10) select i from n',
    `select date_trunc('month', at at time zone 'UTC') as month, sum(total)::numeric(12,2), count(*) filter (where paid)
       from orders where at > now() - interval '30 days' group by 1 having sum(total) > 0 order by month desc nulls last`,
    'select rank() over w, lag(total, 1) over (partition by a order by b rows between 1 preceding and current row) from o window w as (order by total)',
    "select percentile_cont(0.5) within group (order by total), string_agg(distinct name, ',' order by name) from o",
    'select case when a > 1 then 2 else 3 end, coalesce(a, b), nullif(a, b), greatest(1, 2), least(1, 2) from t',
    "select data->>'name', data #>> '{a,b}', data @> '{}', (data->'list')[0], tags[1:2], array[1, 2] from t",
    "select extract(year from d), trim(both ' ' from a), substring(a from 1 for 2), position('a' in b), overlay(a placing 'b' from 1) from t",
    'select current_date, current_timestamp(3), localtime, pg_catalog.lower(a), a operator(pg_catalog.+) 1 from t',
    "select a in (1, 2), a between 1 and 2, a like 'x%', a similar to 'y', a ~* 'z', a is distinct from b, exists (select 1), a = any (array[1]) from t",
    'select grouping(a), a from t group by grouping sets ((a), ()), rollup (a), cube (b)',
    'select * from generate_series(1, 3) as g, unnest(array[1]) with ordinality as u(value, place)',
    'select g.g, u.value, u.place from generate_series(1, 3) g, unnest(array[1]) with ordinality u(value, place)',
    'select e.key, e.value from t cross join lateral jsonb_each(t.data) e',
    'select r.a, r.b from json_to_recordset($1) as r(a int, b text collate "C")',
    'select x.lower from unnest(array[1]) x',
    'select t.version, t.name, t.pg_something from t',
    'select (x).*, row(1, 2), (select 1) from t x tablesample bernoulli (10) repeatable (1)',
    "select 'x'::order_status, 'y'::sales.mood, '{1}'::int[], cast(a as timestamptz), date '2024-01-01', 1::double precision from t",
    'select distinct on (a) a from t order by a fetch first 3 rows with ties',
    'select "Weird ""name""", é, U&"d\\0061t\\+000061" from "Table"',
    'select from t',
    'select a.b.c from a.b, "information_schemas"',
  ])('%s', async (query) => {
    expect(await message(query, query.includes('$1') ? 1 : 0)).toBe('fine');
  });
});

describe('refused', () => {
  test.each([
    // Not one SELECT
    ['', 'empty'],
    [' \n -- only a comment', 'empty'],
    [';', 'empty'],
    ['select 1; select 2', 'this holds 2'],
    ['select 1; drop table users', 'this holds 2'],
    ['select 1 /* */ ; /* */ delete from t', 'this holds 2'],
    ['drop table users', 'DROP'],
    ['insert into t values (1) returning *', 'INSERT'],
    ['update t set a = 1', 'UPDATE'],
    ['delete from t', 'DELETE'],
    ['merge into t using s on true when matched then delete', 'MERGE'],
    ['truncate t', 'TRUNCATE'],
    ["copy t to '/tmp/x'", 'COPY'],
    ["copy (select 1) to program 'id'", 'COPY'],
    ['do $$ begin perform pg_sleep(1); end $$', 'DO'],
    ['explain analyze delete from t', 'EXPLAIN'],
    ['explain select 1', 'EXPLAIN'],
    ['call p()', 'CALL'],
    ['set role postgres', 'VARIABLESET'],
    ['show all', 'VARIABLESHOW'],
    ['begin', 'TRANSACTION'],
    ['prepare p as select 1', 'PREPARE'],
    ['execute p', 'EXECUTE'],
    ['listen x', 'LISTEN'],
    ['lock t', 'LOCK'],
    ['vacuum', 'VACUUM'],
    ['declare c cursor for select 1', 'DECLARECURSOR'],
    ['create table x as select 1', 'CREATETABLEAS'],
    ['refresh materialized view v', 'REFRESHMATVIEW'],
    ['grant all on t to public', 'GRANT'],
    ['alter system set x = 1', 'ALTERSYSTEM'],

    // Statements inside a SELECT
    ['select 1 into x', 'INTO'],
    ['select 1 into temp x', 'INTO'],
    ['select 1 from t union select 2 into x', 'INTO'],
    ['select * from t for update', 'lock'],
    ['select * from t for share skip locked', 'lock'],
    ['select * from (select * from t for key share) x', 'lock'],
    ['with d as (delete from t returning *) select * from d', 'DELETE'],
    ['with i as (insert into t values (1)) select 1', 'INSERT'],
    ['with a as (with u as (update t set a = 1 returning a) select * from u) select * from a', 'UPDATE'],
    ['select * from (with d as (delete from t returning 1) select 1) x', 'DELETE'],

    // Functions
    ['select pg_sleep(10)', 'pg_sleep'],
    ['select PG_SLEEP(10)', 'pg_sleep'],
    ['select pg_catalog.pg_sleep(10)', 'pg_sleep'],
    ['select "pg_catalog"."pg_read_file"(\'/etc/passwd\')', 'pg_read_file'],
    ['select U&"\\0070g_sleep"(10)', 'pg_sleep'],
    ['select pg_/**/sleep(10)', 'not valid SQL'],
    ["select * from pg_read_file('/etc/passwd')", 'pg_read_file'],
    ["select * from rows from (lower('a'), pg_ls_dir('.')) x", 'pg_ls_dir'],
    ["select * from dblink('host=x', 'select 1') as t(a int)", 'dblink'],
    ["select lo_import('/etc/passwd')", 'lo_import'],
    ["select set_config('transaction_read_only', 'off', false)", 'set_config'],
    ["select current_setting('data_directory')", 'current_setting'],
    ['select pg_terminate_backend(1)', 'pg_terminate_backend'],
    ["select query_to_xml('delete from t', true, true, '')", 'query_to_xml'],
    ["select * from ts_stat('delete from t')", 'ts_stat'],
    ["select nextval('s')", 'nextval'],
    ["select pg_notify('a', 'b')", 'pg_notify'],
    ['select pg_advisory_lock(1)', 'pg_advisory_lock'],
    ['select pg_stat_get_activity(1)', 'pg_stat_get_activity'],
    ['select version()', 'version'],
    ['select my_function(1)', 'my_function'],
    ['select public.lower(1)', 'public.lower'],
    ['select db.pg_catalog.lower(1)', 'lower'],
    ['select "LOWER"(\'a\')', 'LOWER'],
    ['select lower(pg_sleep(1)::text)', 'pg_sleep'],
    ['select 1 where pg_sleep(1) is null', 'pg_sleep'],
    ['select 1 from t group by pg_sleep(1)', 'pg_sleep'],
    ['select 1 from t having pg_sleep(1) is null', 'pg_sleep'],
    ['select 1 order by pg_sleep(1)', 'pg_sleep'],
    ['select 1 limit (select 1 from pg_sleep(1))', 'pg_sleep'],
    ['select 1 offset length(pg_sleep(1)::text)', 'pg_sleep'],
    ['values (pg_sleep(1))', 'pg_sleep'],
    ['select 1 union select pg_sleep(1)', 'pg_sleep'],
    ['select count(*) filter (where pg_sleep(1) is null) from t', 'pg_sleep'],
    ['select sum(1) over (partition by pg_sleep(1))', 'pg_sleep'],
    ['select sum(1) over w from t window w as (order by pg_sleep(1))', 'pg_sleep'],
    ['select string_agg(a, b order by pg_sleep(1)) from t', 'pg_sleep'],
    ['select case pg_sleep(1) when null then 1 end', 'pg_sleep'],
    ['select array[pg_sleep(1)]', 'pg_sleep'],
    ['select (array[1])[length(pg_sleep(1)::text)]', 'pg_sleep'],
    ['select row(pg_sleep(1))', 'pg_sleep'],
    ['select 1 = any (select length(pg_sleep(1)::text))', 'pg_sleep'],
    ['select * from t join s on pg_sleep(1) is null', 'pg_sleep'],
    ['select * from t tablesample system (length(pg_sleep(1)::text))', 'pg_sleep'],
    ['select lower(x => pg_sleep(1))', 'pg_sleep'],
    ['select distinct on (pg_sleep(1)) 1', 'pg_sleep'],
    [
      'with recursive r as (select 1 union select length(pg_sleep(1)::text) from r) select * from r',
      'pg_sleep',
    ],

    // A column's spelling that is a function's call
    ["select ('/etc/passwd'::text).pg_read_file", 'pg_read_file'],
    ["select (x.v).pg_read_file from (select 'f'::text v) x", 'pg_read_file'],
    ["select ((array['f'])[1]).pg_read_file", 'pg_read_file'],
    ["select (array['f'])[1].pg_read_file", 'pg_read_file'],
    ['select $1.pg_read_file', 'pg_read_file'],
    ["select (select 'f').pg_read_file", 'pg_read_file'],
    ["select x.pg_read_file from lower('f') x", 'pg_read_file'],
    ["select x.pg_read_file from lower('f') as x(v)", 'pg_read_file'],
    ["select lower.pg_read_file from lower('f')", 'pg_read_file'],
    ["select x.pg_read_file from rows from (lower('f')) x", 'pg_read_file'],
    ["select x.pg_read_file from unnest(array['f']) x", 'pg_read_file'],
    ["select 1 from t, lateral unnest(array['f']) x order by x.pg_read_file", 'pg_read_file'],
    ['select * from (select x.pg_sleep from sqrt(100) x) y', 'pg_sleep'],
    ['select (select x.pg_sleep) from sqrt(100) x', 'pg_sleep'],
    ['select x.pg_sleep from sqrt(1) as x where exists (select 1 from sqrt(1) as x(pg_sleep))', 'pg_sleep'],
    ['select pg_sleep.pg_sleep from sqrt(100) as pg_sleep(v)', 'pg_sleep'],
    ["select x.regclass from lower('pg_authid') x", 'regclass'],
    ["select x.current_setting from coalesce('data_directory'::text) x", 'current_setting'],
    ["select coalesce.current_setting from coalesce('data_directory'::text)", 'alias'],

    // Catalogs
    ['select * from pg_authid', 'pg_authid'],
    ['select * from pg_catalog.pg_shadow', 'pg_shadow'],
    ['select * from "pg_catalog"."pg_user"', 'pg_user'],
    ['select * from U&"pg\\005fauthid"', 'pg_authid'],
    ['select * from PG_STAT_ACTIVITY', 'pg_stat_activity'],
    ['select * from information_schema.tables', 'information_schema'],
    ['select * from pg_toast.pg_toast_1', 'pg_toast'],
    ['select (select rolpassword from pg_authid limit 1)', 'pg_authid'],
    ['select * from t where a in (select 1 from pg_settings)', 'pg_settings'],
    ['table pg_hba_file_rules', 'pg_hba_file_rules'],
    ['select * from other_db.public.t', 'without a database'],

    // Types, operators, and what else can call or look up
    ["select 'pg_authid'::regclass", 'regclass'],
    ["select cast('f' as pg_catalog.regproc)", 'regproc'],
    ["select regrole 'postgres'", 'regrole'],
    ["select '{a}'::regclass[]", 'regclass'],
    ["select '{a}'::_regclass", '_regclass'],
    ["select '<a/>'::xml", 'xml'],
    ["select * from json_to_record('{}') as x(a regclass)", 'regclass'],
    ["select 'x'::information_schema.sql_identifier", 'sql_identifier'],
    ['select 1 operator(public.+) 2', 'public.+'],
    ['select 1 operator(public.+) any (array[2])', 'public.+'],
    ['select (1) operator(public.=) any (select 1)', 'public.='],
    ['select a from t order by a using operator(public.<)', 'public.<'],
    ['select current_user', 'current_user'],
    ['select session_user', 'session_user'],
    ['select current_catalog', 'current_catalog'],
    ['select system_user', 'system_user'],
    ['select collation for (a) from t', 'pg_collation_for'],
    ['select xmlelement(name a)', 'XML'],
    ["select * from xmltable('/a' passing '<a/>' columns b text)", "can't"],
    ["select json_query('{}', '$')", "can't"],
    ['select * from t tablesample my_method (1)', 'TABLESAMPLE'],
    ['select * from t tablesample public.system (1)', 'TABLESAMPLE'],
    ['values (default)', 'DEFAULT'],
  ])('%s', async (query, reason) => {
    expect(await message(query, query.includes('$1') ? 1 : 0)).toContain(reason);
  });
});

describe('parameters', () => {
  test.each([
    ['select $1 + $2', 2, 'fine'],
    ['select $1, $1', 1, 'fine'],
    ["select '$1'", 0, 'fine'],
    ['select $1 + $3', 2, "There is no parameter for $3. The query doesn't use $2."],
    ['select $2', 2, "The query doesn't use $1."],
    ['select 1', 1, "The query doesn't use $1."],
    ['select $0', 0, 'There is no parameter for $0.'],
    ['select $1', 0, 'There is no parameter for $1.'],
  ])('%s with %i', async (query, count, expected) => {
    expect(await message(query, count)).toBe(expected);
  });

  test('are named apart from the query', async () => {
    expect(await checkSelect('select pg_sleep($1)', 0)).toEqual([
      { path: 'source.query', message: "The function pg_sleep can't be used in a source." },
      { path: 'source.params', message: 'There is no parameter for $1.' },
    ]);
  });
});

test('a broken query is told where', async () => {
  expect(await message('select a\nfrom t\nwhere = 1')).toBe(
    'The query is not valid SQL: syntax error at or near "=" (line 3, column 7).',
  );
  expect(await message("select '😀', from")).toContain('(line 1, column 13)');
  expect(await message("select 'abc")).toContain('unterminated quoted string');
});

test('what is no text, or too long, is refused', async () => {
  expect(await message('select 1\0; drop table x')).toContain('not text');
  expect(await message('select \ud800')).toContain('not text');
  expect(await message(`select '${'x'.repeat(20_000)}'`)).toContain('longer than');
});

describe('nesting', () => {
  const nested: Record<string, (count: number) => string> = {
    subselects: (n) => `select ${'(select '.repeat(n)}1${')'.repeat(n)}`,
    calls: (n) => `select ${'lower('.repeat(n)}'a'${')'.repeat(n)}`,
    operators: (n) => `select 1${'+1'.repeat(n)}`,
    prefixes: (n) => `select ${'- '.repeat(n)}a from t`,
    negations: (n) => `select ${'not '.repeat(n)}true`,
    casts: (n) => `select 1${'::int'.repeat(n)}`,
    unions: (n) => `select 1${' union select 1'.repeat(n)}`,
    joins: (n) => `select 1 from t${' cross join t'.repeat(n)}`,
    arrays: (n) => `select ${'array['.repeat(n)}1${']'.repeat(n)}`,
    cases: (n) => `select ${'case when '.repeat(n)}true${' then true end'.repeat(n)}`,
    // An AND that belongs to BETWEEN does not end what came before it.
    betweens: (n) => `select ${'a between 1 and not '.repeat(n)}a from t`,
    strings: (n) => `select ${"(')' || ".repeat(n)}1${')'.repeat(n)}`,
  };

  const longest = (make: (count: number) => string): string => {
    let count = 9_999;
    while (make(count).length > 20_000) count -= 1;
    return make(count);
  };

  test.each(Object.entries(nested))('of %s is bounded before the parser sees it', async (_name, make) => {
    expect(await message(longest(make))).toBe('The query is nested too deeply.');
    expect(await message('select 1')).toBe('fine');
  });

  test.each(Object.entries(nested))('of %s is no problem where people get to', async (_name, make) => {
    expect(await message(make(30))).toBe('fine');
  });

  test('ten thousand parentheses', async () => {
    expect(await message(`select ${'('.repeat(9_000)}1${')'.repeat(9_000)}`)).toBe(
      'The query is nested too deeply.',
    );
  });

  test('long and flat is fine', async () => {
    const columns = Array.from({ length: 700 }, (_, index) => `sum(c${index}) as s${index}`).join(', ');
    expect(await message(`select ${columns} from t`)).toBe('fine');
    const conditions = Array.from({ length: 700 }, (_, index) => `(a${index} = ${index})`).join(' or ');
    expect(await message(`select 1 from t where ${conditions}`)).toBe('fine');
    expect(await message(`select 1 where 1 in (${'1,'.repeat(9_000)}1)`)).toBe('fine');
  });
});
