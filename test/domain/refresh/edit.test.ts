import { Client } from 'pg';
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
const later = () => new Date(Date.now() + 3_600_000);

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
