import { userRoom } from '../../../realtime/rooms';
import { createWorld, type Person, type World } from '../../realtime/fixture';
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

const CHUNK = 'x'.repeat(65_536);

/** A client whose network takes nothing any more. */
async function stalledClient(person: Person) {
  const client = await node.connect(person.token);
  const { ws } = client.io.engine.transport as unknown as {
    ws: { _socket: { pause(): void; resume(): void } };
  };
  ws._socket.pause();
  const server = [...node.sockets.io.sockets.sockets.values()].find(
    (socket) => socket.data.actor.userId === person.userId,
  );
  if (!server) throw new Error('The server has no such socket.');
  return { client, server, resume: () => ws._socket.resume() };
}

const send = ({ businessId, userId }: Person) =>
  node.publish([userRoom(businessId, userId)], 'session.revoked', { reason: CHUNK });

describe('a client that does not read', () => {
  it('is closed when more than 1 MB waits for it, and nobody else is', async () => {
    const businessId = await world.addBusiness();
    const [person, other] = [await world.addPerson(businessId), await world.addPerson(businessId)];
    const bystander = await node.connect(other.token);
    const stalled = await stalledClient(person);
    for (let count = 0; count < 400; count += 1) send(person);
    const begun = performance.now();
    await eventually('the stalled socket is closed', () => !stalled.server.connected);
    // At the second look, long before one with little.
    expect(performance.now() - begun).toBeLessThan(4_000);
    expect(await ask(bystander, 'presence.list')).toMatchObject({ ok: true });
    expect(bystander.connected).toBe(true);
    stalled.resume();
  });

  it('is closed when it takes nothing for 5 s, however little waits', async () => {
    const person = await world.addPerson(await world.addBusiness());
    const stalled = await stalledClient(person);
    const { transport } = stalled.server.conn as unknown as {
      transport: { socket: { bufferedAmount: number } };
    };
    // Until the kernel's buffers are full, and no further: what is left then stays in ours.
    await eventually('the socket is full', () => {
      if (transport.socket.bufferedAmount > 0) return true;
      send(person);
      return false;
    });
    expect(transport.socket.bufferedAmount).toBeLessThan(1_048_576);
    const begun = performance.now();
    await eventually('the stalled socket is closed', () => !stalled.server.connected);
    // Not at the first look, as one with much, and before the heartbeat notices.
    expect(performance.now() - begun).toBeGreaterThan(3_000);
    expect(performance.now() - begun).toBeLessThan(12_000);
    stalled.resume();
  });

  it('is left alone as long as it reads, however much', async () => {
    const person = await world.addPerson(await world.addBusiness());
    const client = await node.connect(person.token);
    let received = 0;
    client.on('session.revoked', () => {
      received += 1;
    });
    for (let round = 1; round <= 20; round += 1) {
      for (let count = 0; count < 100; count += 1) send(person);
      await eventually('all of it has arrived', () => received === round * 100);
    }
    expect(client.connected).toBe(true);
  });
});
