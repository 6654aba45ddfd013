import { openDatabase } from '../../../db/database';
import { sync } from '../../../realtime/sync';
import { worldOn, type World } from '../../realtime/fixture';
import { startCrashingPostgres, type CrashingPostgres } from '../../support/crashing-postgres';
import { eventually } from '../../support/eventually';
import { ask, next, startNode, type TestNode } from './node';

let postgres: CrashingPostgres;
let world: World;
let node: TestNode;
beforeAll(async () => {
  postgres = await startCrashingPostgres();
  world = await worldOn(postgres.url);
  node = await startNode({ databaseUrl: postgres.url });
});
afterAll(async () => {
  await node.stop();
  await postgres.stop();
});

it('a crash of Postgres leaves clients connected, present, and told to sync from a safe place', async () => {
  const businessId = await world.addBusiness();
  const [ann, bob] = [await world.addPerson(businessId), await world.addPerson(businessId)];
  const client = await node.connect(ann.token);
  await ask(client, 'dashboard.open', { dashboardId: await world.addDashboard(ann) });
  const { cursor } = await ask(client, 'sync');
  expect((await ask(client, 'sync', { cursor })).reset).toBeUndefined();
  const told = next(client, 'sync.required');
  await world.leave();
  await postgres.crash();

  expect(await told).toEqual({ reason: 'database_restored' });
  expect(client.connected).toBe(true);
  // Made just before the crash: Postgres may give the ids below it out again.
  await eventually(
    'the cursor is refused',
    async () => (await ask(client, 'sync', { cursor })).reset === true,
  );
  await node.connect(bob.token);
  await eventually('both are present', async () => {
    const { people } = await ask(client, 'presence.list');
    return (people as unknown[]).length === 2;
  });
  const db = openDatabase(postgres.url, 1);
  const after = await sync(db, ann, undefined);
  expect((await sync(db, ann, after.cursor)).reset).toBeUndefined();
  await db.close();
});
