import { reclaimExpired, unstartedClaims } from '../../../domain/refresh/recover';
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

  it('many leases that ran out are claimed once each, however many processes look at once', async () => {
    const ids = await world.addWidgets(ann, 300);
    await world.sql(
      `update widget_schedules set claimed_at = now(), lease_until = now() - interval '1 s' where widget_id = any($1)`,
      [ids],
    );
    const sweeps = await Promise.all(Array.from({ length: 8 }, () => reclaimExpired(world.db)));
    const claimed = sweeps.flat().filter(({ widgetId }) => ids.includes(widgetId));
    expect(claimed).toHaveLength(300);
    expect(claimed.every(({ claimNo }) => claimNo === 1)).toBe(true);
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
