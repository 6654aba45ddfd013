import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { createSqlSource } from '../../../workers/sources/sql';
import { query } from '../../support/postgres';
import {
  failure,
  ownCluster,
  startBusinessServer,
  type BusinessServer,
  type Run,
} from './postgres/business-server';

let server: BusinessServer;
const run = (text: string, options?: Run) => server.run(text, options);

beforeAll(async () => {
  server = await startBusinessServer();
});
afterAll(() => server.stop());

const value = async (expression: string): Promise<unknown> =>
  (await run(`select ${expression} as v`)).rows[0]?.v;

/** Sessions of the role on the server, apart from those that ask. */
async function sessions(): Promise<number> {
  const [row] = await query(
    server.url,
    "SELECT count(*)::int AS n FROM pg_stat_activity WHERE usename = 'reader'",
  );
  return Number(row?.n);
}

/** How long until the role has no session any more, ms. */
async function untilGone(): Promise<number> {
  const start = performance.now();
  while ((await sessions()) > 0 && performance.now() - start < 20_000) await sleep(20);
  return performance.now() - start;
}

describe('reads', () => {
  test('rows as objects, with their columns', async () => {
    expect(
      await run('select day, region, total from sales where total > $1 order by day', { params: [5] }),
    ).toEqual({
      columns: [
        { name: 'day', type: 'date' },
        { name: 'region', type: 'text' },
        { name: 'total', type: 'number' },
      ],
      rows: [
        { day: '2024-05-01', region: 'north', total: 12.5 },
        { day: '2024-05-02', region: 'south', total: 7 },
      ],
      truncated: false,
    });
  });

  test('no rows, with their columns', async () => {
    const data = await run('select day from sales where false');
    expect(data).toEqual({ columns: [{ name: 'day', type: 'date' }], rows: [], truncated: false });
  });

  test('parameters of every kind, never as SQL', async () => {
    const params = ["'; drop table sales --", 3, true, null];
    const { rows } = await run('select $1::text as a, $2::int as b, $3::bool as c, $4::text as d', {
      params,
    });
    expect(rows).toEqual([{ a: "'; drop table sales --", b: 3, c: true, d: null }]);
  });

  test('two columns of one name, and one that would be a prototype', async () => {
    const { columns, rows } = await run('select 1 as a, 2 as a, 3 as a_2, 4 as "constructor"');
    expect(columns.map(({ name }) => name)).toEqual(['a', 'a_2', 'a_2_2', 'constructor']);
    expect(rows).toEqual([{ a: 1, a_2: 2, a_2_2: 3, constructor: 4 }]);
  });

  test.each<[string, unknown]>([
    ['9007199254740991::bigint', 9007199254740991],
    ['9007199254740993::bigint', '9007199254740993'],
    ['1234567.89::numeric', 1234567.89],
    ['10.50::numeric', 10.5],
    ['0.1234567890123456789', '0.1234567890123456789'],
    ['12345678901234567890.5', '12345678901234567890.5'],
    ['0.000::numeric', 0],
    ["'NaN'::numeric", null],
    ["'Infinity'::numeric", null],
    ["'NaN'::float8", null],
    ["'-Infinity'::float8", null],
    ['0.1::float8 + 0.2::float8', 0.30000000000000004],
    ['1.5::real', 1.5],
    ['true', true],
    ["'2024-05-01 12:30:00.123456+02'::timestamptz at time zone 'UTC'", '2024-05-01T10:30:00.123456'],
    ["timestamp '2024-05-01 12:30:00'", '2024-05-01T12:30:00'],
    ["'infinity'::timestamptz", null],
    ["'-infinity'::date", null],
    ["date '2024-05-01'", '2024-05-01'],
    ["time '12:30:00'", '12:30:00'],
    ["interval '1 month 2 days 3 hours'", 'P1M2DT3H'],
    [`'{"a": [1, null, "x"]}'::jsonb`, { a: [1, null, 'x'] }],
    [`'{"__proto__": 1, "b": 2}'::json`, { b: 2 }],
    ["'\\x0102ff'::bytea", 'AQL/'],
    ['array[1, null, 9007199254740993]::bigint[]', [1, null, '9007199254740993']],
    [
      "array[['a', 'b'], ['c,d', null]]",
      [
        ['a', 'b'],
        ['c,d', null],
      ],
    ],
    ["array[date '2024-05-01']", ['2024-05-01']],
    ["'[1,5)'::int4range", '[1,5)'],
    ["'10.0.0.1'::inet", '10.0.0.1'],
    ["'é😀'", 'é😀'],
    ['null', null],
  ])('%s', async (expression, expected) => {
    expect(await value(expression)).toEqual(expected);
  });

  test('a moment in time keeps its offset', async () => {
    expect(String(await value("timestamptz '2024-05-01 12:30:00.5+02'"))).toMatch(
      /T\d\d:\d\d:00\.5(Z|[+-]\d\d:\d\d)$/,
    );
  });
});

describe('limits', () => {
  test('rows', async () => {
    const data = await run('select i from generate_series(1, 1000000) as s(i)');
    expect(data.rows).toHaveLength(5_000);
    expect(data.truncated).toBe(true);
    expect((await run('select i from generate_series(1, 5000) as s(i)')).truncated).toBe(false);
  });

  test('bytes', async () => {
    const data = await run("select repeat('x', 100000) as text from generate_series(1, 100)");
    expect(data.truncated).toBe(true);
    expect(data.rows).toHaveLength(9);
    expect(Buffer.byteLength(JSON.stringify(data))).toBeLessThan(1_048_576);
  });

  test('one row that is too large', async () => {
    const error = await failure(run("select repeat('x', 50000000)"));
    expect(error).toMatchObject({ code: 'result_too_large', message: 'A row of the result is too large.' });
  });

  test('time of the statement', async () => {
    const slow = 'select upper(s) from sales s limit 1';
    const error = await failure(run(slow, { options: { limits: { statementMs: 300 } } }));
    expect(error).toMatchObject({ code: 'query_timeout', failure: 'retry' });
    expect(await untilGone()).toBeLessThan(1_000);
  });

  test('time of the whole run, although the statement may go on', async () => {
    const slow = 'select upper(s) from sales s limit 1';
    const start = performance.now();
    const error = await failure(run(slow, { options: { limits: { totalMs: 300, statementMs: 60_000 } } }));
    expect(error).toMatchObject({ code: 'timeout' });
    expect(performance.now() - start).toBeLessThan(1_500);
    // client_connection_check_interval: the server stops working for a client that left.
    expect(await untilGone()).toBeLessThan(3_000);
  });

  test('waiting for a lock', async () => {
    const locker = new Client({ connectionString: server.url });
    await locker.connect();
    await locker.query('BEGIN');
    await locker.query('LOCK TABLE reader.sales');
    const error = await failure(run('select 1 from sales', { options: { limits: { lockMs: 200 } } }));
    await locker.end();
    expect(error.code).toBe('lock_timeout');
  });

  test('an abort cuts the connection and the query', async () => {
    const abort = new AbortController();
    const start = performance.now();
    setTimeout(() => abort.abort(), 300);
    const error = await failure(run('select upper(s) from sales s limit 1', { signal: abort.signal }));
    expect(error.code).toBe('stopped');
    expect(performance.now() - start).toBeLessThan(1_500);
    expect(await untilGone()).toBeLessThan(3_000);
  });

  test('an abort before anything began', async () => {
    expect((await failure(run('select 1', { signal: AbortSignal.abort() }))).code).toBe('stopped');
  });

  test('no session is left behind', async () => {
    await run('select i from generate_series(1, 1000000) as s(i)');
    await run('select 1');
    await failure(run('select nothing from nowhere'));
    expect(await untilGone()).toBeLessThan(1_000);
  });
});

describe('errors a person can read', () => {
  test.each<[string, Run, object]>([
    [
      'select 1',
      { password: 'wrong' },
      { code: 'login_refused', failure: 'pause', message: 'The database refused the user name or password.' },
    ],
    ['select 1', { password: '' }, { code: 'login_refused', failure: 'pause' }],
    ['select 1', { config: { user: 'nobody' } }, { code: 'login_refused' }],
    ['select 1', { config: { database: 'none' } }, { code: 'database_missing', failure: 'retry' }],
    [
      'select 1',
      { config: { port: 1 } },
      { code: 'host_unreachable', message: "The database server can't be reached." },
    ],
    ['select 1', { config: { host: '10.1.2.3' } }, { code: 'address_not_allowed' }],
    ['select 1', { config: { host: 'nowhere.invalid' } }, { code: 'host_not_found' }],
    ['select 1', { config: { ssl: true } }, { code: 'tls_not_offered', failure: 'pause' }],
    [
      'select x from nowhere',
      {},
      {
        code: 'query_failed',
        failure: 'pause',
        message: 'The database answered: relation "nowhere" does not exist.',
      },
    ],
    [
      "select 'secret'::text::int",
      {},
      {
        code: 'query_failed',
        failure: 'retry',
        message: 'The database answered: invalid input syntax for type integer.',
      },
    ],
    ['select 1 / 0', {}, { message: 'The database answered: division by zero.' }],
    [
      'select $1 + 1',
      { params: ['x'] },
      { message: 'The database answered: invalid input syntax for type integer.' },
    ],
  ])('%s with %j', async (text, options, expected) => {
    expect(await failure(run(text, options))).toMatchObject(expected);
  });

  test('a connection of another kind', async () => {
    const source = createSqlSource({ ownCluster, allowPrivateHosts: [] });
    const context = {
      businessId: 'b',
      requestId: 'r',
      signal: new AbortController().signal,
      connection: undefined,
    };
    const config = { kind: 'sql' as const, connectionId: 'c', query: 'select 1', params: [] };
    expect(await failure(source.fetch(config, context))).toMatchObject({
      code: 'connection_missing',
      failure: 'pause',
    });
  });
});
