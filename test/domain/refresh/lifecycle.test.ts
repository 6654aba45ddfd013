import { runningTwin } from './twin';
import { createRefreshWorld, type RefreshWorld } from './fixture';
import { Client } from 'pg';
import { createRequestRefresh } from '../../../domain/refresh/request';
import { reclaimExpired, unstartedClaims } from '../../../domain/refresh/recover';
import type { Person } from '../../realtime/fixture';

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

describe('asking for a refresh', () => {
  it('claims once and follows with at most one more, however many ask at once', async () => {
    const id = await addWidget();
    const answers = await Promise.all(Array.from({ length: 50 }, (_, index) => ask(id, `r${index}`)));
    const claims = answers.flatMap((answer) => answer?.claim ?? []);
    expect(claims).toHaveLength(1);
    expect(answers.filter((answer) => answer?.queued)).toHaveLength(2);

    const running = await world.start(claims[0] as never);
    const { next } = (await world.finish(running as never, 1)) ?? {};
    expect(next).toMatchObject({ widgetId: id, claimNo: 2 });
    const second = await world.start(next as never);
    expect((await world.finish(second as never, 2))?.next).toBeUndefined();
    expect(await world.state(id)).toMatchObject({ claimed: false, again: false, claimNo: 2 });
  });

  it('from several processes at once claims once, too', async () => {
    const id = await addWidget();
    const processes = Array.from({ length: 8 }, () => createRequestRefresh(world.db));
    const answers = await Promise.all(
      processes.map((request) => request(businessId, { widgetId: id, requestId: 'test' })),
    );
    expect(answers.filter((answer) => answer?.claim)).toHaveLength(1);
    expect(answers.filter((answer) => answer?.queued)).toHaveLength(2);
  });

  it('for a widget that is gone resolves to nothing', async () => {
    expect(await ask(businessId)).toBeUndefined();
  });

  it('of another business’s widget does nothing', async () => {
    const id = await addWidget();
    const other = await world.addBusiness();
    expect(await world.request(other, { widgetId: id, requestId: 'test' })).toBeUndefined();
    expect(await world.state(id)).toMatchObject({ claimed: false, claimNo: 0 });
  });

  it('beyond a business’s share waits in Postgres, and a sweep takes it in turn', async () => {
    const crowded = await world.addBusiness();
    const bob = await world.addPerson(crowded);
    const ids = await world.addWidgets(bob, 80);
    const answers = await Promise.all(
      ids.map((widgetId) => world.request(crowded, { widgetId, requestId: 'test' })),
    );
    expect(answers.filter((answer) => answer?.claim)).toHaveLength(64);
    expect(answers.every((answer) => answer?.queued)).toBe(true);
    await world.sql(
      `update widget_schedules set claimed_at = null, lease_until = null, due_at = null
        where business_id = $1 and claimed_at is not null`,
      [crowded],
    );
    await world.setSlots(64);
    const { claims } = await world.sweep();
    expect(claims.filter((claim) => claim.businessId === crowded)).toHaveLength(16);
  });
});

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

describe('an edit while the source runs', () => {
  const edit = (id: string) =>
    world.sql(`update widgets set source = '{"kind":"static","data":2}' where id = $1`, [id]);

  it.each(['finish', 'fail'] as const)('drops the result of a %s and runs again at once', async (end) => {
    const id = await addWidget({ schedule: { everySeconds: 3_600 } });
    await world.finish(await world.begin(businessId, id), 'kept');
    const before = await world.state(id);
    const running = await world.begin(businessId, id);
    await edit(id);
    const outcome =
      end === 'finish' ? await world.finish(running, 'old', later()) : await world.fail(running);
    expect(outcome?.written).toBeUndefined();
    const after = await world.state(id);
    expect(after).toMatchObject({ data: 'kept', status: 'ok', version: before.version, claimed: false });
    expect(after.due?.getTime()).toBeLessThan(Date.now() + 1_000);
  });

  it('is not paused for what the old definition failed with', async () => {
    const id = await addWidget({ schedule: { everySeconds: 3_600 } });
    const running = await world.begin(businessId, id);
    await edit(id);
    expect((await world.fail(running, { pause: true }))?.notificationId).toBeUndefined();
    const after = await world.state(id);
    expect(after).toMatchObject({ status: 'pending', paused: false, failures: 0 });
    expect(after.due?.getTime()).toBeLessThan(Date.now() + 1_000);
  });

  it.each(['finish', 'fail'] as const)('that commits while a %s waits for it is seen, too', async (end) => {
    const id = await addWidget({ schedule: { everySeconds: 3_600 } });
    const running = await world.begin(businessId, id);
    const editor = new Client({ connectionString: world.url });
    await editor.connect();
    await editor.query('begin');
    await editor.query(`update widgets set source = '{"kind":"static","data":2}' where id = $1`, [id]);
    await editor.query('update widget_schedules set due_at = now() where widget_id = $1', [id]);
    const ending = end === 'finish' ? world.finish(running, 'old', later()) : world.fail(running);
    await waitsForLock();
    await editor.query('commit');
    await editor.end();
    expect((await ending)?.written).toBeUndefined();
    const after = await world.state(id);
    expect(after).toMatchObject({ data: null, status: 'pending', claimed: false });
    expect(after.due?.getTime()).toBeLessThan(Date.now() + 1_000);
  });

  /** Until the other transaction stands at the row lock: only then is its snapshot older than the commit. */
  const waitsForLock = async () => {
    for (;;) {
      const [waiting] = await world.sql(
        `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
      );
      if (waiting) return;
    }
  };
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

describe('what a broker or a worker loses', () => {
  const age = (id: string, column: 'claimed_at' | 'lease_until') =>
    world.sql(`update widget_schedules set ${column} = now() - interval '10 s' where widget_id = $1`, [id]);
  const found = (claims: { widgetId: string }[], id: string) =>
    claims.filter((claim) => claim.widgetId === id);

  it('a claim that nobody started is handed over again under its number', async () => {
    const id = await addWidget();
    const { claim } = (await ask(id)) ?? {};
    expect(found(await unstartedClaims(world.db), id)).toEqual([]);
    await age(id, 'claimed_at');
    expect(found(await unstartedClaims(world.db), id)).toEqual([claim]);
    await world.start(claim as never);
    expect(found(await unstartedClaims(world.db), id)).toEqual([]);
  });

  it('a lease that ran out is claimed anew, once, and its crash counted', async () => {
    const id = await addWidget();
    const dead = await world.begin(businessId, id);
    await age(id, 'lease_until');
    const sweeps = await Promise.all(Array.from({ length: 4 }, () => reclaimExpired(world.db)));
    const [claim, ...more] = found(sweeps.flat(), id);
    expect(more).toEqual([]);
    expect(claim).toMatchObject({ claimNo: dead.claimNo + 1 });
    expect(await world.finish(dead, 'late')).toBeUndefined();
    expect(await world.start(claim as never)).toMatchObject({ crashes: 1 });
  });

  it('a lease of a claim that nobody started is no crash', async () => {
    const id = await addWidget();
    await ask(id);
    await age(id, 'lease_until');
    await reclaimExpired(world.db);
    expect(await world.state(id)).toMatchObject({ crashes: 0, claimNo: 2, claimed: true });
  });

  it('three deaths are counted, whether the broker or the lease noticed them', async () => {
    const id = await addWidget();
    const first = await world.begin(businessId, id);
    const second = await runningTwin(world, first);
    const third = await runningTwin(world, second);
    expect(third.crashes).toBe(2);
    await age(id, 'lease_until');
    const [claim] = found(await reclaimExpired(world.db), id);
    expect(await world.start(claim as never)).toMatchObject({ crashes: 3 });
  });

  it('someone who asked while the worker died is served by the next one', async () => {
    const id = await addWidget();
    const dead = await world.begin(businessId, id);
    expect(await ask(id)).toMatchObject({ claim: undefined, queued: true });
    const twin = await runningTwin(world, dead);
    expect((await world.finish(twin, 1))?.next).toBeDefined();
  });
});
