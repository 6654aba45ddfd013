import { chownSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ALLOWED_FUNCTIONS } from '../../../../domain/sql/functions';
import { eventually } from '../../../support/eventually';
import { query } from '../../../support/postgres';
import {
  failure,
  identityOf,
  ownCluster,
  startBusinessServer,
  type BusinessServer,
  type Run,
} from './business-server';
import { CERTIFICATE, KEY } from './certificate';

let server: BusinessServer;
const run = (text: string, options?: Run) => server.run(text, options);

beforeAll(async () => {
  server = await startBusinessServer();
});
afterAll(() => server.stop());

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

describe('nothing of the environment', () => {
  const names = ['PGPASSWORD', 'PGOPTIONS', 'PGREPLICATION', 'PGSSLMODE', 'PGHOST', 'PGUSER'];
  afterEach(() => names.forEach((name) => delete process.env[name]));

  test('reaches the server', async () => {
    const own = await ownCluster();
    process.env.PGPASSWORD = server.password;
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
      const identity = await identityOf(server.url);
      const startedAt = async () => ({ ...identity, systemIdentifier: undefined, address: null });
      expect((await failure(run('select 1', { options: { ownCluster: startedAt } }))).code).toBe(
        'own_database',
      );
      expect((await run('select 1 as one')).rows).toEqual([{ one: 1 }]);
    } finally {
      await query(server.url, 'GRANT EXECUTE ON FUNCTION pg_control_system() TO PUBLIC');
    }
  });
});

describe('TLS', () => {
  const byName = { host: 'localhost', ssl: true };
  const trusting = { options: { ca: CERTIFICATE } };

  beforeAll(async () => {
    const directory = String((await query(server.url, 'SHOW data_directory'))[0]?.data_directory);
    const { uid, gid } = statSync(directory);
    for (const [name, text] of Object.entries({ 'server.crt': CERTIFICATE, 'server.key': KEY })) {
      writeFileSync(join(directory, name), text, { mode: 0o600 });
      chownSync(join(directory, name), uid, gid);
    }
    await query(server.url, 'ALTER SYSTEM SET ssl = on', 'SELECT pg_reload_conf()');
    await eventually('TLS is on', async () => (await query(server.url, 'SHOW ssl'))[0]?.ssl === 'on');
  });

  test('with a certificate for the host, by an authority that is trusted', async () => {
    const { rows } = await run('select 1 as one', { config: byName, ...trusting });
    expect(rows).toEqual([{ one: 1 }]);
  });

  test.each<[string, Run]>([
    ['that nobody vouches for', { config: byName }],
    ['for another host', { config: { ...byName, host: '127.0.0.1' }, ...trusting }],
  ])('not with a certificate %s', async (_name, options) => {
    expect((await failure(run('select 1', options))).code).toBe('certificate_refused');
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
