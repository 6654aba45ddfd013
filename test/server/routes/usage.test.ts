import { holdCall } from '../../../domain/money/hold';
import { settleCall } from '../../../domain/money/settle';
import { NO_USAGE } from '../../../domain/money/usage';
import { seedPrices } from '../../../domain/money/seed-prices';
import type { ClaimedRun } from '../../../domain/runs/types';
import { callOf, createAgent, createClaimedRun } from '../../factories/chat';
import { createTenant, type Tenant } from '../../factories/tenant';
import { query } from '../../support/postgres';
import { apiOf, detailPaths, type Api, type ApiAnswer } from '../http/api';
import { expectRefusal } from '../http/expect-refusal';
import { JWT_SECRET, serve, type Served } from '../serve';

let served: Served;
let tenant: Tenant;
let agentId: string;
let manager: Api;
let admin: Api;
/** Of whose calls the usage is. */
let run: ClaimedRun;
beforeEach(async () => {
  served = await serve();
  tenant = await createTenant({ db: served.db, secrets: [JWT_SECRET] });
  agentId = await createAgent(served.db, tenant.manager);
  await seedPrices(served.db);
  run = await createClaimedRun(served.db, tenant.member);
  manager = apiOf(served.port, tenant.manager.token);
  admin = apiOf(served.port, tenant.admin.token);
});
afterEach(() => served.close());

const hold = async (overrides: object = {}) => {
  const call = callOf(run, {
    agentId,
    provider: 'openai',
    model: 'gpt-4o-mini',
    inputBound: 1_000,
    outputCap: 1_000,
  });
  const outcome = await holdCall(served.db, { ...call, ...overrides });
  if (!('granted' in outcome)) throw new Error(`Not granted: ${JSON.stringify(outcome)}`);
  return outcome.granted.ledgerId;
};

/** Costs 0.15 * 100 + 0.075 * 20 + 0.6 * 50 = 46.5 dollars per million calls. */
const spend = async (overrides: object = {}) => {
  const ledgerId = await hold(overrides);
  await settleCall(served.db, tenant.businessId, ledgerId, {
    outcome: 'completed',
    usage: { ...NO_USAGE, input: 100, cacheRead: 20, outputText: 40, outputReasoning: 10 },
    modelServed: '=HYPERLINK("http://evil.test")',
  });
  return ledgerId;
};

interface Row {
  key: string | null;
  name: string | null;
  calls: number;
  cost: string;
}
const rowsOf = (answer: ApiAnswer) => (answer.body.data as { rows: Row[] }).rows;
const today = new Date().toISOString().slice(0, 10);

describe('GET /usage', () => {
  it('sums up settled calls by day, model, agent and person', async () => {
    await spend();
    await spend();
    await spend({ userId: tenant.admin.userId, agentId: null, model: 'gpt-4o' });
    await hold();
    const byDay = await manager.get(`/usage?from=${today}&to=${today}`);
    expect(byDay.body.data).toEqual({
      from: today,
      to: today,
      timezone: 'UTC',
      groupBy: 'day',
      rows: [
        {
          key: today,
          name: null,
          calls: 3,
          estimatedCalls: 0,
          tokens: { input: 300, cachedInput: 60, cacheWrite: 0, output: 120, reasoning: 30 },
          // Two at 0.0000465, and one at 2.5 * 100 + 1.25 * 20 + 10 * 50 = 775 dollars per million.
          cost: '0.000868',
        },
      ],
    });
    const grouped = async (group: string) =>
      rowsOf(await manager.get(`/usage?groupBy=${group}`)).map(({ key, calls, cost }) => [key, calls, cost]);
    expect(await grouped('model')).toEqual([
      ['openai/gpt-4o', 1, '0.000775'],
      ['openai/gpt-4o-mini', 2, '0.000093'],
    ]);
    expect(await grouped('agent')).toEqual([
      [null, 1, '0.000775'],
      [agentId, 2, '0.000093'],
    ]);
    expect(await grouped('user')).toEqual([
      [tenant.admin.userId, 1, '0.000775'],
      [tenant.member.userId, 2, '0.000093'],
    ]);
  });

  it('shows days without a call, and keeps to the days asked for', async () => {
    const id = await spend();
    await query(
      served.databaseUrl,
      `update ledger set created_at = '2026-03-29T23:30:00Z' where id = '${id}'`,
    );
    const daysOf = async (rest: string) =>
      rowsOf(await manager.get(`/usage?from=2026-03-28&to=2026-03-31${rest}`)).map(({ calls }) => calls);
    expect(await daysOf('')).toEqual([0, 1, 0, 0]);
    await query(served.databaseUrl, `update businesses set timezone = 'Europe/Berlin'`);
    expect(await daysOf('')).toEqual([0, 0, 1, 0]);
    expect(rowsOf(await manager.get('/usage?from=2026-03-29&to=2026-03-29&groupBy=model'))).toEqual([]);
    expect(rowsOf(await manager.get('/usage?from=2026-03-30&to=2026-03-30&groupBy=model'))).toHaveLength(1);
  });

  it.each([
    ['from=2026-02-30', 'from'],
    ['to=yesterday', 'to'],
    ['from=2026-02-02&to=2026-02-01', 'to'],
    ['from=2025-01-01&to=2026-01-02', 'to'],
    ['groupBy=secret', 'groupBy'],
    ['format=xml', 'format'],
  ])('refuses %s', async (rest, path) => {
    const answer = await manager.get(`/usage?${rest}`);
    expectRefusal(rest, answer, [400]);
    expect(detailPaths(answer)).toEqual([path]);
  });

  it('shows nobody another business’s', async () => {
    await spend();
    const other = await createTenant({ db: served.db, secrets: [JWT_SECRET] });
    const theirs = apiOf(served.port, other.admin.token);
    expect(rowsOf(await theirs.get('/usage?groupBy=model'))).toEqual([]);
    expect((await theirs.get('/usage/calls')).body.data).toEqual([]);
  });
});

describe('GET /usage/calls', () => {
  it('turns pages from the newest to the oldest, each call once', async () => {
    const made: string[] = [];
    for (let index = 0; index < 5; index += 1) made.push(await spend());
    // Made in the same instant, they still have an order.
    await query(served.databaseUrl, 'update ledger set created_at = now()');
    const seen: string[] = [];
    let before: string | null | undefined = undefined;
    do {
      const page: ApiAnswer = await manager.get(`/usage/calls?limit=2${before ? `&before=${before}` : ''}`);
      seen.push(...(page.body.data as { id: string }[]).map(({ id }) => id));
      before = page.body.meta?.nextBefore;
    } while (before);
    expect(seen).toEqual(made.toReversed());
  });

  it('shows calls under way, and what was not told as not told', async () => {
    const id = await hold();
    const [call] = (await manager.get('/usage/calls')).body.data as object[];
    expect(call).toMatchObject({
      id,
      status: 'held',
      outcome: null,
      model: 'openai/gpt-4o-mini',
      hold: '0.00075',
      cost: '0',
      tokens: { input: null, cachedInput: null, cacheWrite: null, output: null, reasoning: null },
      settledAt: null,
    });
  });
});

describe('as CSV', () => {
  it('is asked for by Accept or by format', async () => {
    await spend();
    for (const answer of [
      await manager.get('/usage?groupBy=model', { Accept: 'text/csv' }),
      await manager.get('/usage?groupBy=model&format=csv', { Accept: 'application/json' }),
    ]) {
      expect([answer.status, answer.headers['content-type']]).toEqual([200, 'text/csv; charset=utf-8']);
      expect(answer.headers['content-disposition']).toBe(
        `attachment; filename="usage-${today.slice(0, 8)}01-${today}.csv"`,
      );
      expect(answer.text).toBe(
        'key,name,calls,estimatedCalls,input,cachedInput,cacheWrite,output,reasoning,cost\r\n' +
          'openai/gpt-4o-mini,,1,0,100,20,0,40,10,0.0000465\r\n',
      );
    }
    const json = await manager.get('/usage?format=json', { Accept: 'text/csv' });
    expect(json.headers['content-type']).toContain('application/json');
  });

  it('runs no formula: not from a member’s name, not from what a provider said', async () => {
    await spend();
    const names = ['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', 'a"b', 'a,b'];
    for (const name of names) {
      await query(
        served.databaseUrl,
        `update users set name = e'${name}' where id = '${tenant.member.userId}'`,
      );
      const { text } = await manager.get('/usage?groupBy=user&format=csv');
      const field = text.split(`${tenant.member.userId},`)[1] ?? '';
      expect([name, /^"?[=+\-@\t\r]/.test(field)]).toEqual([name, false]);
    }
    const { text } = await manager.get('/usage/calls?format=csv');
    expect(text).toContain(`,"'=HYPERLINK(""http://evil.test"")",`);
    expect(text).toContain(',100,20,,40,10,1000,0.00075,0.0000465,false,false\r\n');
  });

  it('of the ledger says where the next one begins', async () => {
    const [first, second] = [await spend(), await spend()];
    const answer = await manager.get('/usage/calls?format=csv&limit=1');
    expect([answer.headers['x-next-before'], answer.text.split('\r\n').length]).toEqual([second, 3]);
    const next = await manager.get(`/usage/calls?format=csv&before=${second}`);
    expect([next.headers['x-next-before'], next.text.includes(first)]).toEqual([undefined, true]);
  });
});

describe('/budgets', () => {
  const body = (overrides: object = {}) => ({
    scope: { kind: 'business' },
    period: 'month',
    hardLimit: '12.50',
    softLimit: null,
    ...overrides,
  });

  it('are made, read, changed and deleted', async () => {
    await hold();
    const made = await admin.put('/budgets', body());
    expect([made.status, made.body.data]).toMatchObject([
      200,
      {
        scope: { kind: 'business', id: null, name: null },
        period: 'month',
        hardLimit: '12.5',
        softLimit: null,
        spent: '0',
        held: '0.00075',
        frozen: null,
        version: 1,
      },
    ]);
    expect((await manager.get('/budgets')).body.data).toEqual([made.body.data]);
    const stale = await admin.put('/budgets', body({ hardLimit: '1' }), { 'If-Match': '"7"' });
    expectRefusal('an old version', stale, [412]);
    const changed = await admin.put('/budgets', body({ softLimit: '0.000000001' }), { 'If-Match': '"1"' });
    expect([changed.headers.etag, changed.body.data]).toMatchObject(['"2"', { softLimit: '0.000000001' }]);
    const deleted = await admin.put('/budgets', body({ hardLimit: null }));
    expect([deleted.status, deleted.body.data]).toEqual([200, null]);
    expect((await manager.get('/budgets')).body.data).toEqual([]);
  });

  it('name whose they are', async () => {
    const id = tenant.member.userId;
    await admin.put('/budgets', body({ scope: { kind: 'member', id: id.toUpperCase() } }));
    await admin.put('/budgets', body({ scope: { kind: 'agent', id: agentId } }));
    const scopes = ((await manager.get('/budgets')).body.data as { scope: object }[]).map(
      ({ scope }) => scope,
    );
    expect(scopes).toMatchObject([
      { kind: 'agent', id: agentId },
      { kind: 'member', id, name: 'A member' },
    ]);
  });

  it.each([
    [{ hardLimit: '-1' }, 'hardLimit'],
    [{ hardLimit: '1e3' }, 'hardLimit'],
    [{ hardLimit: '0.0000000001' }, 'hardLimit'],
    [{ hardLimit: '1000000001' }, 'hardLimit'],
    [{ hardLimit: 5 }, 'hardLimit'],
    [{ hardLimit: undefined }, 'hardLimit'],
    [{ hardLimit: '1', softLimit: '2' }, 'softLimit'],
    [{ period: 'year' }, 'period'],
    [{ scope: { kind: 'member' } }, 'scope.id'],
    [{ scope: { kind: 'business', id: '0199b5a5-0000-7000-8000-000000000000' } }, 'scope.id'],
    [{ scope: { kind: 'agent', id: '0199b5a5-0000-7000-8000-000000000000' } }, 'scope.id'],
    [{ extra: 1 }, 'extra'],
  ])('refuse %j', async (overrides, path) => {
    const answer = await admin.put('/budgets', body(overrides));
    expectRefusal(JSON.stringify(overrides), answer, [400]);
    expect(detailPaths(answer)).toEqual([path]);
    expect((await manager.get('/budgets')).body.data).toEqual([]);
  });
});
