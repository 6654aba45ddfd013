import { Redis } from 'ioredis';
import { newId } from '../../../lib/ids';
import type { MessageDelta } from '../../../realtime/events';
import { businessRoom, sessionRoom } from '../../../realtime/rooms';
import { createWorld, type World } from '../../realtime/fixture';
import { startRedis, type TestRedis } from '../../support/redis';
import { ask, disconnected, next, startNode, type TestNode } from './node';

let world: World;
let redis: TestRedis;
let nodes: TestNode[];
beforeAll(async () => {
  world = await createWorld();
  redis = await startRedis();
  const options = { databaseUrl: world.url, redisUrl: redis.url };
  nodes = [await startNode(options), await startNode(options)];
});
afterAll(async () => {
  await Promise.all(nodes.map((node) => node.stop()));
  await redis.stop();
  await world.drop();
});

async function onBothNodes() {
  const businessId = await world.addBusiness();
  const people = [await world.addPerson(businessId), await world.addPerson(businessId)] as const;
  const [one, two] = nodes as [TestNode, TestNode];
  return {
    businessId,
    people,
    one,
    two,
    clients: [await one.connect(people[0].token), await two.connect(people[1].token)] as const,
  };
}

describe('nodes on one Redis', () => {
  it('see each other’s people and reach each other’s rooms', async () => {
    const { businessId, people, one, two, clients } = await onBothNodes();
    const joined = next(clients[0], 'presence.diff', (diff) =>
      diff.joins.some((person) => person.userId === people[1].userId),
    );
    await joined;
    const arrived = Promise.all(clients.map((client) => next(client, 'session.expiring')));
    two.publish([businessRoom(businessId)], 'session.expiring', { expiresIn: 1 });
    expect(await arrived).toEqual([{ expiresIn: 1 }, { expiresIn: 1 }]);
    // A logout that any process asks for closes the sockets of that login wherever they are.
    const closed = disconnected(clients[1]);
    one.context.broker.rooms.disconnect([sessionRoom(people[1].sessionId)]);
    expect(await closed).toBe('io server disconnect');
  });

  it('hand out what is streamed in order, before what is emitted behind it, also to listeners of the room', async () => {
    const { businessId, one, two, clients } = await onBothNodes();
    const room = businessRoom(businessId);
    const [messageId, runId] = [newId(), newId()];
    const positions = [0, 1, 2];
    const heard: unknown[][] = clients.map(() => []);
    clients.forEach((client, index) =>
      client.onAny((event: string, { position }: { position?: number }) => {
        if (event === 'message.delta') heard[index]?.push(position);
        if (event === 'session.expiring') heard[index]?.push('end');
      }),
    );
    const listened: unknown[] = [];
    const stopListening = two.context.broker.rooms.listen(room, (event, payload) =>
      listened.push([event, (payload as MessageDelta).position]),
    );
    const ended = Promise.all(clients.map((client) => next(client, 'session.expiring')));
    for (const position of positions) {
      one.publish([room], 'message.delta', { messageId, runId, epoch: 1, position, text: 'x' });
    }
    one.publish([room], 'session.expiring', { expiresIn: 1 });
    await ended;
    expect(heard).toEqual(clients.map(() => [...positions, 'end']));
    expect(listened).toEqual(positions.map((position) => ['message.delta', position]));
    stopListening();
  });

  it('live through whatever is published on their channels', async () => {
    const { businessId, one, clients } = await onBothNodes();
    const vandal = new Redis(redis.url);
    const channels = [
      'socket.io#/#',
      `socket.io#/#${businessRoom(businessId)}#`,
      'socket.io-request#/#',
      'socket.io-response#/#',
      'liveboard:pieces',
    ];
    const messages = [
      '',
      'x',
      '{}',
      'null',
      '[]',
      '[1]',
      '[["a room"]]',
      '[["a room", 1, {}]]',
      '{"type":3}',
      Buffer.from([0x93, 0xa1, 0x78]),
      Buffer.from([0xc1]),
      Buffer.from([0x93, 0xa1, 0x78, 0xc0, 0xc0]),
    ];
    for (const channel of channels) for (const message of messages) await vandal.publish(channel, message);
    await vandal.quit();
    const arrived = Promise.all(clients.map((client) => next(client, 'session.expiring')));
    one.publish([businessRoom(businessId)], 'session.expiring', { expiresIn: 2 });
    expect(await arrived).toEqual([{ expiresIn: 2 }, { expiresIn: 2 }]);
    for (const client of clients) expect(await ask(client, 'presence.list')).toMatchObject({ ok: true });
  });

  it('tell their clients to sync when Redis was away, and announce again', async () => {
    const { businessId, one, two, clients } = await onBothNodes();
    const told = Promise.all(clients.map((client) => next(client, 'sync.required')));
    await redis.restart();
    expect(await told).toEqual(clients.map(() => ({ reason: 'broker_restored' })));
    const arrived = Promise.all(clients.map((client) => next(client, 'session.expiring')));
    one.publish([businessRoom(businessId)], 'session.expiring', { expiresIn: 3 });
    await arrived;
    const streamed = Promise.all(clients.map((client) => next(client, 'message.delta')));
    const delta = { messageId: newId(), runId: newId(), epoch: 1, position: 0, text: 'again' };
    two.publish([businessRoom(businessId)], 'message.delta', delta);
    expect(await streamed).toEqual([delta, delta]);
    expect(clients.every((client) => client.connected)).toBe(true);
  });
});
