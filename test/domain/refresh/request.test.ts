import { createRequestRefresh } from '../../../domain/refresh/request';
import type { Person } from '../../realtime/fixture';
import { createRefreshWorld, type RefreshWorld } from './fixture';

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
