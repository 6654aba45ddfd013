import type { Person } from '../../realtime/fixture';
import { createRefreshWorld, type RefreshWorld } from './fixture';
import { runningTwin } from './twin';

let world: RefreshWorld;
let ann: Person;
let businessId: string;
beforeAll(async () => {
  world = await createRefreshWorld();
  businessId = await world.addBusiness();
  ann = await world.addPerson(businessId, 'admin');
});
afterAll(() => world.drop());

const addWidget = async (options?: Parameters<RefreshWorld['addWidgets']>[2]): Promise<string> => {
  const [id] = await world.addWidgets(ann, 1, options);
  return id as string;
};
const ask = (widgetId: string, requestId = 'test') => world.request(businessId, { widgetId, requestId });
const later = () => new Date(Date.now() + 3_600_000);

describe('a refresh', () => {
  it('writes its data, a version and the next due time, and frees the widget', async () => {
    const id = await addWidget({ schedule: { everySeconds: 60 } });
    const before = await world.state(id);
    const next = later();
    const outcome = await world.finish(await world.begin(businessId, id), { figure: 7 }, next);
    expect(outcome).toMatchObject({ written: { version: before.version + 1, status: 'ok' } });
    expect(await world.state(id)).toMatchObject({
      data: { figure: 7 },
      status: 'ok',
      version: before.version + 1,
      history: 1,
      due: next,
      claimed: false,
      started: false,
    });
  });

  it.each([
    ['the same data', { a: 1, b: [2] }, { a: 1, b: [2] }],
    ['the same JSON with its keys in another order', { a: 1, b: [2] }, { b: [2], a: 1 }],
  ])('that yields %s writes no version and nothing to announce', async (_, first, second) => {
    const id = await addWidget();
    await world.finish(await world.begin(businessId, id), first);
    const before = await world.state(id);
    const outcome = await world.finish(await world.begin(businessId, id), second);
    expect(outcome?.written).toBeUndefined();
    const after = await world.state(id);
    expect(after).toMatchObject({ version: before.version, history: 1, data: first });
    expect(after.refreshedAt?.getTime()).toBeGreaterThan(before.refreshedAt?.getTime() ?? 0);
  });

  it('of a late twin is refused, and newer data stays', async () => {
    const id = await addWidget();
    const frozen = await world.begin(businessId, id);
    const twin = await runningTwin(world, frozen);
    await world.finish(twin, 'new');
    expect(await world.finish(frozen, 'old')).toBeUndefined();
    expect(await world.fail(frozen)).toBeUndefined();
    expect(await world.state(id)).toMatchObject({ data: 'new', status: 'ok', failures: 0 });
  });

  it('of a late twin is refused while the newer one still runs', async () => {
    const id = await addWidget();
    const frozen = await world.begin(businessId, id);
    const twin = await runningTwin(world, frozen);
    expect(await world.finish(frozen, 'old')).toBeUndefined();
    expect(await world.finish(twin, 'new')).toBeDefined();
    expect(await world.state(id)).toMatchObject({ data: 'new' });
  });

  it('that Postgres forgot in a crash never shares its fence with the one that follows', async () => {
    const id = await addWidget();
    const { claim } = (await ask(id)) ?? {};
    const [forgotten] = await world.sql('select fence from widget_schedules where widget_id = $1', [id]);
    const frozen = await world.start(claim as never);
    // What a start wrote without waiting for the disk is gone.
    await world.sql('update widget_schedules set started_at = null, fence = $2 where widget_id = $1', [
      id,
      forgotten?.fence,
    ]);
    const twin = await world.start(claim as never);
    expect(await world.finish(frozen as never, 'old')).toBeUndefined();
    expect(await world.finish(twin as never, 'new')).toBeDefined();
    expect(await world.state(id)).toMatchObject({ data: 'new' });
  });

  it('starts once for one delivery of its job', async () => {
    const { claim } = (await ask(await addWidget())) ?? {};
    const starts = await Promise.all(Array.from({ length: 10 }, () => world.start(claim as never)));
    expect(starts.filter(Boolean)).toHaveLength(1);
  });
});

describe('a failure', () => {
  it('keeps the last good data, says why, and tries again after the backoff', async () => {
    const id = await addWidget({ schedule: { everySeconds: 60 } });
    await world.finish(await world.begin(businessId, id), 'good', later());
    const outcome = await world.fail(await world.begin(businessId, id), { retryMs: 30_000 });
    expect(outcome).toMatchObject({ written: { status: 'failing' } });
    const state = await world.state(id);
    expect(state).toMatchObject({
      data: 'good',
      status: 'failing',
      error: { code: 'http_status', message: 'The server answered 500.' },
      failures: 1,
      claimed: false,
      paused: false,
    });
    expect(state.due?.getTime()).toBeGreaterThan(Date.now() + 20_000);
    expect(state.due?.getTime()).toBeLessThan(Date.now() + 31_000);
  });

  it('of the same kind again announces nothing new, and a success ends the row of them', async () => {
    const id = await addWidget();
    await world.fail(await world.begin(businessId, id));
    expect((await world.fail(await world.begin(businessId, id)))?.written).toBeUndefined();
    expect(await world.state(id)).toMatchObject({ failures: 2 });
    await world.finish(await world.begin(businessId, id), 1);
    expect(await world.state(id)).toMatchObject({ failures: 0, crashes: 0, status: 'ok', error: null });
  });

  it('that pauses takes the widget out of the schedule and tells its owner once', async () => {
    const id = await addWidget({ schedule: { everySeconds: 60 }, dueInMs: 0 });
    const first = await world.fail(await world.begin(businessId, id), { pause: true });
    expect(first?.notificationId).toBeDefined();
    const again = await world.fail(await world.begin(businessId, id), { pause: true });
    expect(again?.notificationId).toBeUndefined();
    expect(await world.state(id)).toMatchObject({ status: 'paused', paused: true, due: null });
    const told = await world.sql(
      `select user_id as "userId" from notifications where subject ->> 'widgetId' = $1`,
      [id],
    );
    expect(told).toEqual([{ userId: ann.userId }]);
  });
});
