import { Client } from 'pg';
import { openDatabase, type Database } from '../../db/database';
import {
  systemStatement,
  tenantStatement,
  withSystem,
  withTenant,
  withTenantModels,
  type Statement,
} from '../../db/scope';
import { logger } from '../../lib/logger';
import { createTenant, type Tenant } from '../factories/tenant';
import { eventually } from '../support/eventually';
import { createTestDatabase } from '../support/postgres';

const NAMES: Statement = { name: 'test-names', text: 'select name from businesses order by name' };
const RENAME: Statement = { name: 'test-rename', text: 'update businesses set name = $1 returning name' };
const FAIL: Statement = { name: 'test-fail', text: 'select 1 / $1::int as x from businesses' };
const UNSENDABLE: Statement = { ...RENAME, name: 'test-unsendable' };
const BROKEN: Statement = { name: 'test-broken', text: 'select nothing from nowhere' };
const SLEEP: Statement = { name: 'test-sleep', text: 'select pg_sleep(60)' };
const WHO: Statement = {
  name: 'test-who',
  text: `select current_user as role, current_setting('app.business_id', true) as scope,
                current_setting('synchronous_commit') as sync`,
};

let database: { url: string; drop(): Promise<void> };
let owner: Client;
/** One connection: whatever a statement leaves behind, the next one meets. */
let db: Database;
let a: Tenant;
let b: Tenant;

beforeAll(async () => {
  database = await createTestDatabase();
  owner = new Client({ connectionString: database.url });
  await owner.connect();
  const maker = openDatabase(database.url, 1);
  const making = { db: maker, secrets: ['a secret'] };
  [a, b] = [await createTenant(making, 'A'), await createTenant(making, 'B')];
  await maker.close();
});
beforeEach(() => {
  db = openDatabase(database.url, 1);
});
afterEach(() => db.close());
afterAll(async () => {
  await owner.end();
  await database.drop();
});

const namesOf = async (tenant: Tenant) =>
  (await tenantStatement<{ name: string }>(db, tenant.businessId, NAMES, [])).map(({ name }) => name);
const pid = async () =>
  (await db.knex.raw<{ rows: { pid: number }[] }>('select pg_backend_pid() as pid')).rows[0]?.pid ?? 0;

/** Nothing of a scope is left on the one connection there is, and both ways into one work. */
async function expectClean(): Promise<void> {
  const { rows } = await db.knex.raw<{ rows: { role: string; scope: string | null; sync: string }[] }>(
    WHO.text,
  );
  expect(rows.map(({ scope, ...rest }) => ({ ...rest, scope: scope ?? '' }))).toEqual([
    { role: 'liveboard_app', scope: '', sync: 'on' },
  ]);
  expect((await db.knex.raw(NAMES.text)).rows).toEqual([]);
  expect(await namesOf(b)).toEqual(['B']);
  expect(await withTenant(db, a.businessId, (tx) => tx.query(NAMES, []))).toEqual([{ name: 'A' }]);
  expect(await systemStatement(db, NAMES, [])).toEqual([{ name: 'A' }, { name: 'B' }]);
  expect((await db.knex.raw(NAMES.text)).rows).toEqual([]);
}

describe('a scope', () => {
  it('is gone with its statement', async () => {
    const connection = await pid();
    for (const durable of [true, false]) {
      for (const tenant of [a, b]) {
        const [row] = await tenantStatement(db, tenant.businessId, WHO, [], { durable });
        expect(row).toEqual({
          role: 'liveboard_app',
          scope: tenant.businessId,
          sync: durable ? 'on' : 'off',
        });
      }
      await expectClean();
      const [row] = await systemStatement(db, WHO, [], { durable });
      expect(row).toMatchObject({ role: 'liveboard_system', sync: durable ? 'on' : 'off' });
      await expectClean();
    }
    expect(await pid()).toBe(connection);
  });

  it('is gone with its transaction, however that ends', async () => {
    for (const durable of [true, false]) {
      await withTenant(db, a.businessId, (tx) => tx.last(WHO, []), { durable });
      await expectClean();
      await withSystem(db, (tx) => tx.query(WHO, []), { durable });
      await expectClean();
      const refusal = withSystem(db, () => Promise.reject(new Error('no')), { durable });
      await expect(refusal).rejects.toThrow('no');
      await expectClean();
    }
    await withTenantModels(db, a.businessId, (trx) => trx('businesses').select('name'));
    await expectClean();
  });

  it('is a business’s id and nothing else', async () => {
    const injected = `${a.businessId}'; set role liveboard_system; --`;
    for (const id of [injected, '', 'x', `${a.businessId} `]) {
      expect(await tenantStatement(db, id, NAMES, []).catch(() => [])).toEqual([]);
      expect(() => withTenant(db, id, (tx) => tx.query(NAMES, []))).toThrow('business’s id');
      await expect(withTenantModels(db, id, (trx) => trx('businesses'))).rejects.toThrow('business’s id');
      await expectClean();
    }
  });
});

describe('a transaction whose commit is seen before it is on the disk', () => {
  const rename = (whenVisible: () => void, statements: readonly Statement[] = []) =>
    withTenant(
      db,
      a.businessId,
      async (tx) => {
        const asked = Promise.all([tx.query(WHO, []), ...statements.map((one) => tx.query(one, [0]))]);
        const [[renamed], [[who]]] = await Promise.all([tx.last(RENAME, ['Seen']), asked]);
        return { ...renamed, ...who };
      },
      { whenVisible },
    );
  const seen = async () =>
    (await owner.query<{ name: string }>('select name from businesses where id = $1', [a.businessId])).rows[0]
      ?.name;
  const restore = () => owner.query(`update businesses set name = 'A' where id = $1`, [a.businessId]);
  afterEach(restore);

  it('says so once, when others see it, and ends behind that', async () => {
    const calls: Promise<string | undefined>[] = [];
    const result = await rename(() => calls.push(seen()));
    expect(result).toMatchObject({ name: 'Seen', sync: 'off' });
    expect(await Promise.all(calls)).toEqual(['Seen']);
    await restore();
    await expectClean();
  });

  it('says nothing where it fails', async () => {
    const whenVisible = jest.fn();
    // Whichever of its statements is heard first.
    await expect(rename(whenVisible, [FAIL])).rejects.toThrow(/division by zero|aborted/);
    await expect(
      withTenant(db, a.businessId, () => Promise.reject(new Error('no')), { whenVisible }),
    ).rejects.toThrow('no');
    expect(whenVisible).not.toHaveBeenCalled();
    expect(await seen()).toBe('A');
    await expectClean();
  });
});

describe('a statement that fails', () => {
  const unsendable = {
    toPostgres: () => {
      throw new Error('can’t be sent');
    },
  };
  it.each<[string, Statement, unknown[], string]>([
    ['while it runs', FAIL, [0], 'division by zero'],
    ['where it is parsed', BROKEN, [], 'does not exist'],
    ['for want of a parameter', RENAME, [], 'requires 1'],
    ['for a value that is not of its type', FAIL, ['many'], 'invalid input syntax'],
    // Under a name of its own: pg closes the statement and goes on taking it for prepared.
    ['for a value that can’t be sent', UNSENDABLE, [unsendable], 'can’t be sent'],
    ['for a right that it lacks', { name: 'test-sessions', text: 'select from sessions' }, [], 'denied'],
  ])('%s leaves the connection as it was', async (_, statement, values, reason) => {
    const connection = await pid();
    for (let time = 0; time < 2; time += 1) {
      await expect(tenantStatement(db, a.businessId, statement, values)).rejects.toThrow(reason);
      await expectClean();
      await expect(withTenant(db, a.businessId, (tx) => tx.query(statement, values))).rejects.toThrow(reason);
      await expectClean();
    }
    const kept = tenantStatement(db, a.businessId, RENAME, ['A']);
    expect(await kept).toEqual([{ name: 'A' }]);
    expect(await pid()).toBe(connection);
  });

  it('is followed by others on the wire, which get their own answers', async () => {
    const answers = await Promise.allSettled([
      tenantStatement(db, a.businessId, FAIL, [0]),
      namesOf(b),
      systemStatement(db, BROKEN, []),
      namesOf(a),
      tenantStatement(db, b.businessId, FAIL, [1]),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([
      'rejected',
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
    ]);
    expect(answers[1]).toMatchObject({ value: ['B'] });
    expect(answers[3]).toMatchObject({ value: ['A'] });
    await expectClean();
  });

  it('takes its transaction with it, also where the commit is on the wire already', async () => {
    for (const work of [
      withTenant(db, a.businessId, async (tx) => {
        await tx.query(RENAME, ['Changed']);
        await tx.last(FAIL, [0]);
      }),
      withTenant(db, a.businessId, async (tx) => {
        await Promise.all([tx.query(RENAME, ['Changed']), tx.query(FAIL, [0]), tx.last(RENAME, ['Again'])]);
      }),
      withTenant(db, a.businessId, async (tx) => {
        await tx.query(RENAME, ['Changed']);
        throw new Error('our own');
      }),
    ]) {
      await expect(work).rejects.toThrow(/division by zero|our own/);
      await expectClean();
    }
  });
});

describe('a connection that is lost', () => {
  // Each is a warning in the log.
  const { level } = logger;
  beforeAll(() => {
    logger.level = 'error';
  });
  afterAll(() => {
    logger.level = level;
  });

  const terminate = (connection: number) => owner.query('select pg_terminate_backend($1)', [connection]);
  const sleeping = (connection: number) =>
    eventually('the statement sleeps', async () => {
      const { rowCount } = await owner.query(
        `select from pg_stat_activity where pid = $1 and wait_event = 'PgSleep'`,
        [connection],
      );
      return rowCount === 1;
    });

  it.each<[string, () => Promise<unknown>]>([
    ['a statement', () => tenantStatement(db, a.businessId, SLEEP, [])],
    ['a transaction', () => withTenant(db, a.businessId, (tx) => tx.query(SLEEP, []))],
    ['a last statement', () => withTenant(db, a.businessId, (tx) => tx.last(SLEEP, []))],
    ['a model’s query', () => withTenantModels(db, a.businessId, (trx) => trx.raw(SLEEP.text))],
  ])('under %s rejects, and the pool has another', async (_, work) => {
    const connection = await pid();
    const [outcome] = await Promise.allSettled([
      work(),
      sleeping(connection).then(() => terminate(connection)),
    ]);
    expect(outcome).toMatchObject({
      reason: { message: expect.stringMatching(/terminat|ECONNRESET|queryable/) },
    });
    // The reason comes a moment before the end of the connection: what is asked in between is lost, too.
    expect(await eventually('a statement works', () => namesOf(a))).toEqual(['A']);
    await expectClean();
    expect(await pid()).not.toBe(connection);
  });

  it('while nothing runs is replaced', async () => {
    const connection = await pid();
    await terminate(connection);
    expect(await eventually('a statement works', () => namesOf(a))).toEqual(['A']);
    await expectClean();
  });
});
