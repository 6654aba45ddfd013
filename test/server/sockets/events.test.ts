import { dashboardRoom } from '../../../realtime/rooms';
import { createWorld, type World } from '../../realtime/fixture';
import { eventually } from '../../support/eventually';
import { ask, disconnected, startNode, type TestNode } from './node';
import { openRaw, type RawConnection } from './raw';

let world: World;
let node: TestNode;
let businessId: string;
beforeAll(async () => {
  world = await createWorld();
  node = await startNode({ databaseUrl: world.url });
  businessId = await world.addBusiness();
});
afterAll(async () => {
  await node.stop();
  await world.drop();
});

const connectSomeone = async () => node.connect((await world.addPerson(businessId)).token);

async function loggedInRaw(): Promise<RawConnection> {
  const person = await world.addPerson(businessId);
  const connection = await openRaw(node.port);
  connection.send(`0${JSON.stringify({ token: person.token })}`);
  await connection.until((received) => received.some((packet) => packet.startsWith('0{')));
  return connection;
}

describe('what a client sends', () => {
  it.each([
    ['dashboard.open', {}, 'dashboardId'],
    ['dashboard.open', { dashboardId: 7 }, 'dashboardId'],
    ['dashboard.open', { dashboardId: "x' or true --" }, 'dashboardId'],
    ['dashboard.open', [], 'payload'],
    ['dashboard.open', 'text', 'payload'],
    ['dashboard.close', { dashboardId: null }, 'dashboardId'],
    ['presence.list', { dashboardId: '' }, 'dashboardId'],
    ['presence.list', { businessId: '0190b6a0-0000-7000-8000-000000000000' }, 'payload'],
    ['sync', { cursor: 7 }, 'cursor'],
    ['sync', { cursor: 'x'.repeat(501) }, 'cursor'],
    ['auth.refresh', { token: {} }, 'token'],
  ])('is refused with the field that is wrong: %s %j', async (event, payload, field) => {
    const client = await connectSomeone();
    const answer = await ask(client, event, payload);
    expect(answer).toMatchObject({ ok: false, error: { code: 'invalid_request' } });
    expect(answer.error?.message).toContain(field);
    client.disconnect();
  });

  it.each(['unknown', '', 'error', 'constructor', '__proto__', 'toString', 'join'])(
    'is answered where there is no such event: %j',
    async (event) => {
      const client = await connectSomeone();
      expect(await ask(client, event, {})).toMatchObject({ ok: false, error: { code: 'unknown_event' } });
      client.disconnect();
    },
  );

  it('never throws, whatever is missing or too much', async () => {
    const connection = await loggedInRaw();
    const packets = [
      '2["sync"]',
      '2["sync",{}]',
      '2["sync",null,null]',
      '2["error","boom"]',
      '2[7,{}]',
      '21["sync",{},{},{}]',
      '22["sync",{"__proto__":{"cursor":"x"}}]',
      '23["dashboard.open",{"dashboardId":{"toString":1}}]',
      '24["presence.list"]',
    ];
    for (const packet of packets) connection.send(packet);
    await connection.until((received) => received.some((packet) => packet.startsWith('34')));
    const answers = connection.received.filter((packet) => /^3[1-4]/.test(packet));
    expect(answers[0]).toContain('"invalid_request"');
    expect(answers[1]).toContain('"invalid_request"');
    expect(answers[2]).toContain('"invalid_request"');
    expect(answers[3]).toContain('"ok":true');
    connection.close();
  });

  it.each(['2[', '2{}', '2[]', '2["disconnect"]', '9', '251-["sync",{"_placeholder":true,"num":0}]', '3[[['])(
    'that is no packet ends that connection and nothing else: %j',
    async (packet) => {
      const bystander = await connectSomeone();
      const connection = await loggedInRaw();
      connection.send(packet);
      // Of a binary packet the next frame must be the attachment.
      connection.send('2["sync"]');
      await connection.closed;
      expect(await ask(bystander, 'presence.list')).toMatchObject({ ok: true });
      bystander.disconnect();
    },
  );

  it('may be 64 KB and no more', async () => {
    const client = await connectSomeone();
    const small = await ask(client, 'sync', { cursor: 'x'.repeat(60_000) });
    expect(small).toMatchObject({ ok: false });
    const closed = disconnected(client);
    client.emit('sync', { cursor: 'x'.repeat(65_536) });
    expect(await closed).toBe('transport close');
  });
});

describe('events of one socket', () => {
  it('are answered one after the other: a close never overtakes its open', async () => {
    const person = await world.addPerson(businessId);
    const client = await node.connect(person.token);
    const dashboardId = await world.addDashboard(person);
    await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        ask(client, index % 2 ? 'dashboard.close' : 'dashboard.open', { dashboardId }),
      ),
    );
    expect(await world.sql('select from presence_dashboards where dashboard_id = $1', [dashboardId])).toEqual(
      [],
    );
    expect(node.sockets.io.sockets.adapter.rooms.has(dashboardRoom(dashboardId))).toBe(false);
  });

  it('name a dashboard in whatever case: what is opened in one is closed in the other', async () => {
    const person = await world.addPerson(businessId);
    const client = await node.connect(person.token);
    const dashboardId = await world.addDashboard(person);
    const room = () => node.sockets.io.sockets.adapter.rooms.get(dashboardRoom(dashboardId));
    const viewers = () =>
      world.sql('select user_id from presence_dashboards where dashboard_id = $1', [dashboardId]);
    expect(await ask(client, 'dashboard.open', { dashboardId: dashboardId.toUpperCase() })).toEqual({
      ok: true,
    });
    expect([room()?.size, (await viewers()).length]).toEqual([1, 1]);
    await eventually('they are announced', async () => {
      const list = await ask(client, 'presence.list', { dashboardId: dashboardId.toUpperCase() });
      return (list.people as { userId: string }[]).some(({ userId }) => userId === person.userId);
    });
    // Once more is still once.
    expect(await ask(client, 'dashboard.open', { dashboardId })).toEqual({ ok: true });
    expect([room()?.size, (await viewers()).length]).toEqual([1, 1]);
    expect(await ask(client, 'dashboard.close', { dashboardId: dashboardId.toUpperCase() })).toEqual({
      ok: true,
    });
    expect([room(), await viewers()]).toEqual([undefined, []]);
  });

  it('may open twenty dashboards, and no more', async () => {
    const person = await world.addPerson(businessId);
    const client = await node.connect(person.token);
    const answers = [];
    for (let count = 0; count < 21; count += 1) {
      answers.push(await ask(client, 'dashboard.open', { dashboardId: await world.addDashboard(person) }));
    }
    expect(answers.slice(0, 20).every((answer) => answer.ok)).toBe(true);
    expect(answers[20]?.error?.code).toBe('too_many_dashboards');
  });
});

describe('more events than are allowed', () => {
  it('are answered with rate_limited until some time has passed', async () => {
    const client = await connectSomeone();
    const answers = await Promise.all(Array.from({ length: 60 }, () => ask(client, 'dashboard.close')));
    const codes = answers.map((answer) => answer.error?.code);
    expect(codes.slice(0, 40)).toEqual(Array(40).fill('invalid_request'));
    expect(codes).toContain('rate_limited');
    await eventually('an event is answered again', async () => (await ask(client, 'presence.list')).ok);
  });

  it('end the connection of whoever goes on', async () => {
    const client = await connectSomeone();
    const codes: (string | undefined)[] = [];
    const closed = disconnected(client);
    for (let count = 0; count < 300; count += 1) {
      client.emit('dashboard.close', {}, (answer: { error?: { code: string } }) =>
        codes.push(answer.error?.code),
      );
    }
    expect(await closed).toBe('io server disconnect');
    expect(codes.filter((code) => code === 'rate_limited')).toHaveLength(200);
  });
});
