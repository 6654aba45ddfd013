import { join } from 'node:path';
import { rmSync } from 'node:fs';
import pino from 'pino';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../../db/embedded';
import { migrate } from '../../../db/migrate';
import { openDatabase } from '../../../db/database';
import { sync } from '../../../realtime/sync';
import { worldOn, type World } from '../../realtime/fixture';
import { eventually } from '../../support/eventually';
import { temporaryDirectory } from '../../support/temporary';
import { ask, next, startNode, type TestNode } from './node';

/** A PostgreSQL of its own, to be killed. */
let directory: string;
let postgres: EmbeddedPostgres;
let world: World;
let node: TestNode;
beforeAll(async () => {
  directory = temporaryDirectory();
  postgres = await startEmbeddedPostgres({
    dataDir: join(directory, 'data'),
    logger: pino({ level: 'silent' }),
  });
  await migrate(postgres.url);
  world = await worldOn(postgres.url);
  node = await startNode({ databaseUrl: postgres.url });
});
afterAll(async () => {
  await node.stop();
  await postgres.stop();
  rmSync(directory, { recursive: true, force: true });
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
  process.kill(postgres.pid, 'SIGKILL');

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
