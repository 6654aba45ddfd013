import type { Database } from '../../../db/database';
import { conversationRoom, dashboardRoom } from '../../../realtime/rooms';
import type { SocketContext } from '../../../server/sockets/context';
import { endRevoked } from '../../../server/sockets/revocation';
import { createWorld, type World } from '../../realtime/fixture';
import { addTalk } from '../../realtime/talk';
import { eventually } from '../../support/eventually';
import { ask, startNode, type TestNode } from './node';

let world: World;
let node: TestNode;
beforeAll(async () => {
  world = await createWorld();
  node = await startNode({ databaseUrl: world.url });
});
afterAll(async () => {
  await node.stop();
  await world.drop();
});

/** The node's database, whose answers wait behind the first one until they are let go. */
function heldUp(db: Database): { db: Database; waiting: () => number; letGo: () => void } {
  let asked = 0;
  let letGo: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => (letGo = resolve));
  return {
    db: {
      ...db,
      async acquire() {
        asked += 1;
        if (asked > 1) await gate;
        return db.acquire();
      },
    },
    waiting: () => asked - 1,
    letGo,
  };
}

it('takes away nothing that is opened while rights are asked for', async () => {
  const person = await world.addPerson(await world.addBusiness());
  const [first, second] = [await addTalk(world, person), await addTalk(world, person)];
  const dashboards = [await world.addDashboard(person), await world.addDashboard(person)] as const;
  const client = await node.connect(person.token);
  const openBoth = async (dashboardId: string, conversationId: string) => {
    expect(await ask(client, 'dashboard.open', { dashboardId })).toMatchObject({ ok: true });
    expect(await ask(client, 'conversation.open', { conversationId })).toEqual({ ok: true });
  };
  await openBoth(dashboards[0], first.conversationId);

  const held = heldUp(node.context.db);
  const closed: string[] = [];
  const presence = {
    close: async (_connection: unknown, dashboardId: string) => void closed.push(dashboardId),
  };
  const context = { ...node.context, db: held.db, presence } as unknown as SocketContext;
  const revocation = endRevoked(node.sockets.io, context);
  // The sessions' answer came; both kinds of rooms are being asked about.
  await eventually('the rights are asked for', () => held.waiting() === 2);
  await openBoth(dashboards[1], second.conversationId);
  held.letGo();
  await revocation.stop();

  const { rooms } = node.sockets.io.sockets.adapter;
  const open = [
    ...dashboards.map(dashboardRoom),
    ...[first, second].map((talk) => conversationRoom(talk.conversationId)),
  ];
  expect(open.filter((room) => !rooms.has(room))).toEqual([]);
  expect(closed).toEqual([]);
});
