import { join } from 'node:path';
import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import pino from 'pino';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../../db/embedded';
import { ALLOWED_FUNCTIONS } from '../../../domain/sql/functions';
import { SourceError } from '../../../lib/errors';
import { readClusterIdentity } from '../../../workers/sources/postgres/own-cluster';
import type { SqlData } from '../../../workers/sources/postgres/read-rows';
import type { PostgresOptions } from '../../../workers/sources/postgres/session';
import type { OpenConnection } from '../../../workers/sources/source';
import { createSqlSource } from '../../../workers/sources/sql';
import { query } from '../../support/postgres';
import { temporaryDirectory } from '../../support/temporary';

/** A business's own server: a second cluster, beside the platform's (which is the test run's). */
let server: EmbeddedPostgres;
let directory: string;

const PASSWORD = 'reader’s pass';

const ownCluster = async () => {
  const client = new Client({ connectionString: process.env.TEST_POSTGRES_URL });
  await client.connect();
  try {
    return await readClusterIdentity((text) => client.query(text));
  } finally {
    await client.end();
  }
};

beforeAll(async () => {
  directory = temporaryDirectory();
  server = await startEmbeddedPostgres({ dataDir: join(directory, 'data'), logger: pino({ level: 'warn' }) });
  await query(
    server.url,
    `CREATE ROLE reader LOGIN PASSWORD '${PASSWORD}'`,
    'CREATE SCHEMA AUTHORIZATION reader',
    'CREATE TABLE reader.sales (day date, region text, total numeric)',
    "INSERT INTO reader.sales VALUES ('2024-05-01', 'north', 12.50), ('2024-05-02', 'south', 7)",
    'ALTER TABLE reader.sales OWNER TO reader',
    // A function with the name of a built-in one, which writes: what an owner may leave in a search path.
    `CREATE FUNCTION reader.initcap(reader.sales) RETURNS text LANGUAGE plpgsql VOLATILE AS
       $$ BEGIN INSERT INTO reader.sales VALUES (now(), 'written', 1); RETURN 'done'; END $$`,
    `CREATE FUNCTION reader.lower(reader.sales) RETURNS text LANGUAGE plpgsql VOLATILE AS
       $$ BEGIN PERFORM set_config('transaction_read_only', 'off', true); INSERT INTO reader.sales VALUES (now(), 'written', 1); RETURN 'done'; END $$`,
    `CREATE FUNCTION reader.upper(reader.sales) RETURNS text LANGUAGE plpgsql VOLATILE AS
       $$ BEGIN PERFORM pg_sleep(30); RETURN 'done'; END $$`,
  );
});

afterAll(async () => {
  await server.stop();
  rmSync(directory, { recursive: true, force: true });
});

const connection = (config: object = {}, password = PASSWORD): OpenConnection => ({
  id: '0190c5a0-0000-7000-8000-000000000000',
  kind: 'postgres',
  config: {
    host: '127.0.0.1',
    port: server.port,
    database: 'liveboard',
    user: 'reader',
    ssl: false,
    ...config,
  },
  secret: { password },
});

interface Run {
  params?: (string | number | boolean | null)[];
  config?: object;
  password?: string;
  signal?: AbortSignal;
  options?: Partial<PostgresOptions>;
}

function run(text: string, { params = [], config, password, signal, options }: Run = {}): Promise<SqlData> {
  const source = createSqlSource({ ownCluster, allowPrivateHosts: ['127.0.0.1', 'localhost'], ...options });
  const context = {
    businessId: 'b',
    requestId: 'r',
    signal: signal ?? new AbortController().signal,
    connection: connection(config, password),
  };
  const { id: connectionId } = context.connection;
  return source.fetch({ kind: 'sql', connectionId, query: text, params }, context) as Promise<SqlData>;
}

async function failure(work: Promise<unknown>): Promise<SourceError> {
  const error = await work.then(
    () => new Error('It succeeded.'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof SourceError)) throw error;
  return error;
}

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
    setTimeout(() => abort.abort(), 300);
    const error = await failure(run('select upper(s) from sales s limit 1', { signal: abort.signal }));
    expect(error.code).toBe('stopped');
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

describe('writes nothing', () => {
  afterEach(async () => {
    expect(await query(server.url, "SELECT FROM reader.sales WHERE region = 'written'")).toEqual([]);
  });

  test('through a function that the owner named like a built-in one', async () => {
    const error = await failure(run('select initcap(s) from sales s'));
    expect(error).toMatchObject({ code: 'query_writes', failure: 'pause' });
  });

  test('through a function that leaves the read-only mode', async () => {
    expect((await failure(run('select lower(s) from sales s'))).code).toBe('query_failed');
  });

  test.each([
    'delete from sales',
    'select 1; delete from sales',
    'select pg_sleep(1)',
    'select * from pg_roles',
  ])('%s is refused before any connection', async (text) => {
    const error = await failure(run(text, { config: { host: 'nowhere.invalid' } }));
    expect(error).toMatchObject({ code: 'query_not_allowed', failure: 'pause' });
  });

  test('where the role reads backslashes in strings, it does not for us', async () => {
    await query(server.url, 'ALTER ROLE reader SET standard_conforming_strings = off');
    try {
      // With the role's setting the string would end at the second quote, and the rest be a call of pg_sleep.
      const { rows } = await run("select 'a\\'', pg_sleep(5) --' as text");
      expect(rows).toEqual([{ text: "a\\', pg_sleep(5) --" }]);
    } finally {
      await query(server.url, 'ALTER ROLE reader RESET standard_conforming_strings');
    }
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

describe('nothing of the environment', () => {
  const names = ['PGPASSWORD', 'PGOPTIONS', 'PGREPLICATION', 'PGSSLMODE', 'PGHOST', 'PGUSER'];
  afterEach(() => names.forEach((name) => delete process.env[name]));

  test('reaches the server', async () => {
    const own = await ownCluster();
    process.env.PGPASSWORD = PASSWORD;
    expect((await failure(run('select 1', { password: '' }))).code).toBe('login_refused');
    Object.assign(process.env, {
      PGOPTIONS: '-c nonsense=1',
      PGREPLICATION: 'true',
      PGSSLMODE: 'require',
      PGHOST: '/tmp',
    });
    const options = { ownCluster: async () => own };
    expect((await run('select 1 as one', { options })).rows).toEqual([{ one: 1 }]);
  });
});

describe("the platform's own server", () => {
  const own = () => new URL(process.env.TEST_POSTGRES_URL ?? '');
  const config = () => ({
    host: '127.0.0.1',
    port: Number(own().port),
    database: 'postgres',
    user: own().username,
  });

  test('is refused by its address, before a password could be tried', async () => {
    const error = await failure(run('select 1', { config: config(), password: 'wrong' }));
    expect(error).toMatchObject({ code: 'own_database', failure: 'pause' });
  });

  test.each([
    ['system identifier', { startedAt: 'x' }],
    ['start time', { systemIdentifier: undefined }],
  ])('is refused by its %s, by whatever way it was reached', async (_name, unknown) => {
    const elsewhere = async () => ({ ...(await ownCluster()), address: '192.0.2.1', ...unknown });
    const error = await failure(
      run('select 1', { config: config(), password: own().password, options: { ownCluster: elsewhere } }),
    );
    expect(error.code).toBe('own_database');
  });

  test('is known to a role that may not read its identifier', async () => {
    await query(server.url, 'REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC');
    try {
      const startedAt = async () => {
        const client = new Client({ connectionString: server.url });
        await client.connect();
        const identity = await readClusterIdentity((text) => client.query(text)).finally(() => client.end());
        return { ...identity, systemIdentifier: undefined, address: null };
      };
      expect((await failure(run('select 1', { options: { ownCluster: startedAt } }))).code).toBe(
        'own_database',
      );
      expect((await run('select 1 as one')).rows).toEqual([{ one: 1 }]);
    } finally {
      await query(server.url, 'GRANT EXECUTE ON FUNCTION pg_control_system() TO PUBLIC');
    }
  });
});

test("every allowed function is PostgreSQL's own, and none of them has a side effect", async () => {
  const rows = await query(
    server.url,
    `SELECT proname, bool_or(provolatile = 'v') AS volatile FROM pg_proc
      WHERE pronamespace = 'pg_catalog'::regnamespace GROUP BY proname`,
  );
  const known = new Map(rows.map((row) => [row.proname, row.volatile]));
  // Grammar, not functions: the parser knows these by name.
  const missing = [...ALLOWED_FUNCTIONS].filter((name) => !known.has(name));
  expect(missing).toEqual([]);
  const volatile = [...ALLOWED_FUNCTIONS].filter((name) => known.get(name) === true);
  expect(volatile.sort()).toEqual(['clock_timestamp', 'random']);
});
