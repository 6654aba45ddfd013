import { withTenant } from '../../db/scope';
import {
  dueWhenWatched,
  repairWatched,
  rewatchDashboard,
  unwatchDashboards,
  watchDashboard,
} from '../../domain/refresh/watch';
import { newId } from '../../lib/ids';
import { eventually } from '../support/eventually';
import { query } from '../support/postgres';
import { createWorld, type Person, type World } from './fixture';

let world: World;
let person: Person;
beforeAll(async () => {
  world = await createWorld();
  person = await world.addPerson(await world.addBusiness());
});
afterAll(() => world.drop());

const NODE = newId();

const OPEN = { name: 'test-open', text: 'insert into presence_dashboards values ($1, $2, $3, $4)' };

/** Makes someone look at a dashboard, as presence does. */
async function look(dashboardId: string): Promise<string> {
  const id = newId();
  const { businessId, userId, sessionId } = person;
  await world.sql(
    `insert into presence_nodes values ($1, now() + interval '1 hour') on conflict do nothing`,
    [NODE],
  );
  await world.sql(
    `insert into presence_connections (id, node_id, business_id, user_id, session_id) values ($1, $2, $3, $4, $5)`,
    [id, NODE, businessId, userId, sessionId],
  );
  await world.sql('insert into presence_dashboards values ($1, $2, $3, $4)', [
    id,
    dashboardId,
    businessId,
    userId,
  ]);
  return id;
}
const lookAway = (connectionId: string) =>
  world.sql('delete from presence_connections where id = $1', [connectionId]);

const watch = (dashboardId: string) =>
  withTenant(world.db, person.businessId, (tx) => watchDashboard(tx, person.businessId, dashboardId));

async function scheduleOf(widgetId: string) {
  const [row] = await world.sql(
    `select watched, lane, due_at <= now() as due, due_at from widget_schedules where widget_id = $1`,
    [widgetId],
  );
  return row;
}

const IDLE = { watched: false, lane: 'scheduled', due: null, due_at: null };

describe('a dashboard’s widgets', () => {
  it('are watched, and those that wait for it due, while someone looks', async () => {
    const waiting = await world.addWidget(person, {
      refreshWhen: 'watched',
      schedule: { everySeconds: 3600 },
    });
    const always = await world.addWidget(person, { refreshWhen: 'always' });
    const paused = await world.addWidget(person, { refreshWhen: 'watched' });
    await world.sql('update widget_schedules set paused_at = now() where widget_id = $1', [paused]);
    const dashboardId = await world.addDashboard(person, { widgetIds: [waiting, always, paused] });
    const viewer = await look(dashboardId);
    await watch(dashboardId);
    expect(await scheduleOf(waiting)).toMatchObject({ watched: true, lane: 'interactive', due: true });
    expect(await scheduleOf(always)).toMatchObject({ watched: true, lane: 'interactive', due: null });
    expect(await scheduleOf(paused)).toMatchObject({ watched: true, due: null });

    await unwatchDashboards(world.db, person.businessId, [dashboardId]);
    expect(await scheduleOf(waiting)).toMatchObject({ watched: true });
    await lookAway(viewer);
    await unwatchDashboards(world.db, person.businessId, [dashboardId]);
    for (const widgetId of [waiting, always, paused]) expect(await scheduleOf(widgetId)).toEqual(IDLE);
  });

  it('stay watched while another dashboard with them is open', async () => {
    const widgetId = await world.addWidget(person, { refreshWhen: 'watched' });
    const [first, second] = [
      await world.addDashboard(person, { widgetIds: [widgetId] }),
      await world.addDashboard(person, { widgetIds: [widgetId] }),
    ];
    const viewer = await look(first);
    const other = await look(second);
    await watch(first);
    await watch(second);
    await lookAway(viewer);
    await unwatchDashboards(world.db, person.businessId, [first]);
    expect(await scheduleOf(widgetId)).toMatchObject({ watched: true, due: true });
    await lookAway(other);
    await unwatchDashboards(world.db, person.businessId, [second]);
    expect(await scheduleOf(widgetId)).toEqual(IDLE);
  });

  it('keep a claim under way and a refresh that somebody asked for', async () => {
    const claimed = await world.addWidget(person, { refreshWhen: 'watched' });
    const asked = await world.addWidget(person, { refreshWhen: 'watched' });
    const dashboardId = await world.addDashboard(person, { widgetIds: [claimed, asked] });
    await world.sql(`update widget_schedules set claimed_at = now(), claim_no = 7 where widget_id = $1`, [
      claimed,
    ]);
    const viewer = await look(dashboardId);
    await watch(dashboardId);
    expect(await scheduleOf(claimed)).toMatchObject({ watched: true, lane: 'scheduled', due: null });
    await world.sql(`update widget_schedules set request_id = 'r', due_at = now() where widget_id = $1`, [
      asked,
    ]);
    await lookAway(viewer);
    await unwatchDashboards(world.db, person.businessId, [dashboardId]);
    expect(await scheduleOf(asked)).toMatchObject({ watched: false, lane: 'interactive', due: true });
    const [row] = await world.sql('select claim_no, claimed_at from widget_schedules where widget_id = $1', [
      claimed,
    ]);
    expect(row).toMatchObject({ claim_no: '7', claimed_at: expect.any(Date) });
  });

  it('are never let go under someone who comes at that moment', async () => {
    const widgetId = await world.addWidget(person, { refreshWhen: 'watched' });
    const dashboardId = await world.addDashboard(person, { widgetIds: [widgetId] });
    const leaving = await look(dashboardId);
    await watch(dashboardId);
    await lookAway(leaving);
    // The newcomer's row is written and not committed: who lets go now can't see it yet, and must wait.
    const other = await look(await world.addDashboard(person));
    let lettingGo: Promise<void> | undefined;
    await withTenant(world.db, person.businessId, async (tx) => {
      await tx.query(OPEN, [other, dashboardId, person.businessId, person.userId]);
      await watchDashboard(tx, person.businessId, dashboardId);
      lettingGo = unwatchDashboards(world.db, person.businessId, [dashboardId]);
      const waiting = `select from pg_stat_activity where wait_event = 'advisory' and datname = current_database()`;
      await Promise.race([
        lettingGo,
        eventually('it waits', async () => (await query(world.url, waiting)).length > 0),
      ]);
    });
    await lettingGo;
    expect(await scheduleOf(widgetId)).toMatchObject({ watched: true });
    // And the other way round: whoever comes after it was let go takes it again.
    await lookAway(other);
    await unwatchDashboards(world.db, person.businessId, [dashboardId]);
    await look(dashboardId);
    await watch(dashboardId);
    expect(await scheduleOf(widgetId)).toMatchObject({ watched: true, due: true });
  });

  it('follow a change of the layout', async () => {
    const [stays, goes, comes] = [
      await world.addWidget(person),
      await world.addWidget(person),
      await world.addWidget(person, { refreshWhen: 'watched' }),
    ];
    const dashboardId = await world.addDashboard(person, { widgetIds: [stays, goes] });
    const viewer = await look(dashboardId);
    await watch(dashboardId);
    await world.sql('update dashboard_widgets set widget_id = $1 where widget_id = $2', [comes, goes]);
    await rewatchDashboard(world.db, person.businessId, dashboardId);
    expect(await scheduleOf(stays)).toMatchObject({ watched: true });
    expect(await scheduleOf(goes)).toMatchObject({ watched: false });
    expect(await scheduleOf(comes)).toMatchObject({ watched: true, due: true });
    await lookAway(viewer);
    await rewatchDashboard(world.db, person.businessId, dashboardId);
    expect(await scheduleOf(comes)).toEqual(IDLE);
  });

  it('are put right after a crash, both ways', async () => {
    const [left, opened] = [
      await world.addWidget(person),
      await world.addWidget(person, { refreshWhen: 'watched' }),
    ];
    const [first, second] = [
      await world.addDashboard(person, { widgetIds: [left] }),
      await world.addDashboard(person, { widgetIds: [opened] }),
    ];
    const gone = await look(first);
    await watch(first);
    await lookAway(gone);
    await look(second);
    await repairWatched(world.db);
    expect(await scheduleOf(left)).toMatchObject({ watched: false });
    expect(await scheduleOf(opened)).toMatchObject({ watched: true, due: true });
  });
});

describe('when a widget becomes due by being looked at', () => {
  const now = new Date('2026-01-01T12:00:00Z');
  const minutesAgo = (minutes: number) => new Date(now.getTime() - minutes * 60_000);
  const widget = { widgetId: newId(), schedule: null, ttlSeconds: null };

  it('is at once where it was never refreshed, is stale, or missed a turn', () => {
    expect(dueWhenWatched({ ...widget, refreshedAt: null }, now)).toEqual(now);
    expect(dueWhenWatched({ ...widget, ttlSeconds: 60, refreshedAt: minutesAgo(2) }, now)).toEqual(now);
    const schedule = { everySeconds: 600 };
    expect(dueWhenWatched({ ...widget, schedule, refreshedAt: minutesAgo(11) }, now)).toEqual(now);
  });

  it('is its next turn where it is fresh, and never without a schedule', () => {
    const schedule = { everySeconds: 600 };
    const due = dueWhenWatched({ ...widget, schedule, ttlSeconds: 600, refreshedAt: now }, now);
    expect(due?.getTime()).toBeGreaterThan(now.getTime());
    expect(dueWhenWatched({ ...widget, ttlSeconds: 600, refreshedAt: minutesAgo(1) }, now)).toBeNull();
  });
});
