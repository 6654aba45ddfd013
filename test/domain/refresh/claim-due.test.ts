import { claimDue } from '../../../domain/refresh/claim-due';
import { watchDashboard, unwatchDashboards } from '../../../domain/refresh/watch';
import { withTenant } from '../../../db/scope';
import { newId } from '../../../lib/ids';
import type { Person } from '../../realtime/fixture';
import { createRefreshWorld, type RefreshWorld } from './fixture';

const SLOTS = 64;
/** Claims there may be at once: one and a half for each slot. */
const WINDOW = 96;

let world: RefreshWorld;
let big: Person;
let small: Person;
beforeAll(async () => {
  world = await createRefreshWorld();
  big = await world.addPerson(await world.addBusiness());
  small = await world.addPerson(await world.addBusiness());
});
afterAll(() => world.drop());
beforeEach(async () => {
  await world.sql('delete from widgets');
  await world.sql('delete from business_turns');
  await world.setSlots(SLOTS);
});

const idsOf = (claims: readonly { widgetId: string }[]) => claims.map((claim) => claim.widgetId);
/** As if these refreshes were over and had no next turn. */
const end = (ids: readonly string[]) =>
  world.sql(
    `update widget_schedules set claimed_at = null, lease_until = null, due_at = null where widget_id = any($1)`,
    [ids],
  );

describe('a sweep', () => {
  it('claims what is due, oldest first, and nothing else', async () => {
    const due = await world.addWidgets(big, 5, { dueInMs: -10_000 });
    const later = await world.addWidgets(big, 5, { dueInMs: 60_000 });
    const { claims, waiting, nextDueMs } = await world.sweep();
    expect(idsOf(claims).sort()).toEqual([...due].sort());
    expect(waiting).toBe(0);
    expect(nextDueMs).toBeGreaterThan(50_000);
    expect(nextDueMs).toBeLessThanOrEqual(60_001);
    expect(await world.state(later[0] as string)).toMatchObject({ claimed: false, claimNo: 0 });
    expect((await world.sweep()).claims).toEqual([]);
  });

  it('claims no more than a window, in order, and goes on as claims end', async () => {
    const ids = await world.addWidgets(big, 200, { dueInMs: -10_000 });
    const first = await world.sweep();
    expect(idsOf(first.claims).sort()).toEqual(ids.slice(0, 64).sort());
    expect(first.waiting).toBe(136);
    expect((await world.sweep()).claims).toEqual([]);
    await end(ids.slice(0, 10));
    const claimed = new Set(idsOf((await world.sweep()).claims));
    expect(claimed.size).toBeGreaterThan(0);
    expect(ids.slice(64, 64 + claimed.size).every((id) => claimed.has(id))).toBe(true);
  });

  it('claims nothing while there is no worker, and keeps what is due', async () => {
    await world.sql('delete from worker_nodes');
    await world.addWidgets(big, 3, { dueInMs: -10_000 });
    expect(await world.sweep()).toMatchObject({ claims: [], waiting: 3 });
    await world.setSlots(SLOTS);
    expect((await world.sweep()).claims).toHaveLength(3);
  });

  it('of several at once is done by one, and no widget is claimed twice', async () => {
    await world.addWidgets(big, 50, { dueInMs: -10_000 });
    await world.sql('update refresh_sweeps set last_at = now()');
    const sweeps = await Promise.all(Array.from({ length: 6 }, () => claimDue(world.db)));
    const ids = idsOf(sweeps.flatMap(({ claims }) => claims));
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toHaveLength(50);
  });

  it('passes over rows that someone else holds', async () => {
    const [held = '', free = ''] = await world.addWidgets(big, 2, { dueInMs: -10_000 });
    await world.sql('begin');
    await world.sql('select from widget_schedules where widget_id = $1 for update', [held]);
    const swept = claimDue(world.db);
    expect(idsOf((await swept).claims)).toEqual([free]);
    await world.sql('commit');
    expect(idsOf((await world.sweep()).claims)).toEqual([held]);
  });
});

describe('fairness', () => {
  it('ten thousand due widgets of one business leave room for another’s at the very next sweep', async () => {
    await world.addWidgets(big, 10_000, { dueInMs: -60_000 });
    const first = await world.sweep();
    expect(first.claims.length).toBeLessThan(WINDOW);
    expect(first.waiting).toBe(10_000 - first.claims.length);
    const [mine] = await world.addWidgets(small, 1, { dueInMs: -1 });
    expect(idsOf((await world.sweep()).claims)).toContain(mine);
  });

  it('no business holds more than half while another waits', async () => {
    await world.addWidgets(big, 500, { dueInMs: -60_000 });
    await world.addWidgets(small, 500, { dueInMs: -1 });
    for (let round = 0; round < 20; round += 1) {
      const { claims } = await world.sweep();
      const held = await world.sql(
        `select business_id, count(*)::int as held from widget_schedules where claimed_at is not null group by 1`,
      );
      for (const { held: count } of held) expect(count).toBeLessThanOrEqual(WINDOW / 2);
      await end(idsOf(claims).filter((_, index) => index % 3 !== 0));
    }
  });

  it('on-demand refreshes have slots of their own', async () => {
    await world.addWidgets(big, 500, { dueInMs: -60_000 });
    await world.sweep();
    const asked = await world.addWidgets(big, 20, { dueInMs: -1, lane: 'interactive' });
    expect(idsOf((await world.sweep()).claims).filter((id) => asked.includes(id))).toHaveLength(20);
  });
});

describe('after an outage', () => {
  it('each missed widget is refreshed once, spread over a minute', async () => {
    const ids = await world.addWidgets(big, 300, { schedule: { everySeconds: 5 }, dueInMs: -3_600_000 });
    const asked = await world.addWidgets(big, 1, { lane: 'interactive', dueInMs: -3_600_000 });
    await world.sql(`update refresh_sweeps set last_at = now() - interval '1 hour'`);
    const { claims } = await claimDue(world.db);
    // Whoever waits in person is not put off.
    expect(idsOf(claims).filter((id) => !ids.includes(id))).toEqual(asked);
    const rows = await world.sql(
      `select extract(epoch from due_at - now())::float8 as "inSeconds", claim_no::int as claims
         from widget_schedules where widget_id = any($1) and claimed_at is null`,
      [ids],
    );
    const waits = rows.map(({ inSeconds }) => Number(inSeconds));
    expect(Math.max(...waits)).toBeLessThan(60);
    for (let quarter = 0; quarter < 4; quarter += 1) {
      const share = waits.filter((wait) => Math.floor(wait / 15) === quarter).length / waits.length;
      expect(Math.abs(share - 1 / 4)).toBeLessThan(0.15);
    }
    expect(rows.every((row) => row.claims === 0)).toBe(true);
    // The next sweep is none after an outage: it leaves them where they were put.
    const before = await world.sql('select widget_id, due_at from widget_schedules order by 1');
    await claimDue(world.db);
    const after = await world.sql('select widget_id, due_at from widget_schedules order by 1');
    expect(after).toEqual(before);
  });
});

describe('widgets that are refreshed only while watched', () => {
  const look = async (person: Person, dashboardId: string) => {
    const [nodeId, connectionId] = [newId(), newId()];
    await world.sql(`insert into presence_nodes values ($1, now() + interval '1 hour')`, [nodeId]);
    await world.sql(
      `insert into presence_connections (id, node_id, business_id, user_id, session_id) values ($1, $2, $3, $4, $5)`,
      [connectionId, nodeId, person.businessId, person.userId, newId()],
    );
    await world.sql('insert into presence_dashboards values ($1, $2, $3, $4)', [
      connectionId,
      dashboardId,
      person.businessId,
      person.userId,
    ]);
    await withTenant(world.db, person.businessId, (tx) => watchDashboard(tx, person.businessId, dashboardId));
    return async () => {
      await world.sql('delete from presence_connections where id = $1', [connectionId]);
      await unwatchDashboards(world.db, person.businessId, [dashboardId]);
    };
  };

  it('fall due when someone looks, and never after they left', async () => {
    const schedule = { everySeconds: 1 };
    const [id = ''] = await world.addWidgets(big, 1, { schedule, refreshWhen: 'watched' });
    const dashboardId = await world.addDashboard(big, { widgetIds: [id] });
    expect((await world.sweep()).claims).toEqual([]);

    const leave = await look(big, dashboardId);
    const [claim] = (await world.sweep()).claims;
    expect(claim).toMatchObject({ widgetId: id });
    const running = await world.start(claim as never);
    await world.finish(running as never, 1, new Date(Date.now() - 1));
    const [second] = (await world.sweep()).claims;
    expect(second).toMatchObject({ widgetId: id });

    await leave();
    const last = await world.start(second as never);
    await world.finish(last as never, 2, new Date(Date.now() - 1));
    expect(await world.state(id)).toMatchObject({ due: null, lane: 'scheduled' });
    expect((await world.sweep()).claims).toEqual([]);
  });

  it('stay due where somebody asked for them before they left', async () => {
    const [id = ''] = await world.addWidgets(big, 1, { refreshWhen: 'watched' });
    const dashboardId = await world.addDashboard(big, { widgetIds: [id] });
    const leave = await look(big, dashboardId);
    await world.sql(`update widget_schedules set request_id = 'asked', due_at = now() where widget_id = $1`, [
      id,
    ]);
    await leave();
    expect(idsOf((await world.sweep()).claims)).toEqual([id]);
  });
});
