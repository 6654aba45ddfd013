import { setImmediate } from 'node:timers/promises';
import jwt from 'jsonwebtoken';
import { newId } from '../../../lib/ids';
import { eventually } from '../../support/eventually';
import { createWorld, SECRET, type World } from '../../realtime/fixture';
import { ask, connected, open, startNode, type Refusal, type TestNode } from './node';
import { openRaw } from './raw';

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

/** The code with which a connection is refused. */
const refusal = (promise: Promise<unknown>): Promise<string | undefined> =>
  promise.then(
    () => 'connected',
    (error: Refusal) => error.data?.code ?? error.message,
  );

async function refusalWith(options: Parameters<typeof open>[1], namespace?: string) {
  const client = open(node.port, options, namespace);
  const code = await refusal(connected(client));
  client.disconnect();
  return code;
}

describe('who gets in', () => {
  it('is whoever brings the token of a living session', async () => {
    const person = await world.addPerson(await world.addBusiness());
    const client = await node.connect(person.token);
    expect(await ask(client, 'presence.list', {})).toMatchObject({ ok: true });
  });

  it.each([
    ['nothing', undefined],
    ['no token', {}],
    ['a number', { token: 1 }],
    ['an object', { token: { $gt: '' } }],
    ['no JWT', { token: 'x.y.z' }],
  ])('is not who brings %s', async (_, auth) => {
    expect(await refusalWith({ auth: auth as never })).toBe('invalid_token');
  });

  it('is not who brings a token of another secret, kind or time', async () => {
    const { userId, sessionId, businessId } = await world.addPerson(await world.addBusiness());
    const claims = { sub: userId, sid: sessionId, bid: businessId, typ: 'access' };
    const rules = { issuer: 'liveboard', audience: 'liveboard-api', expiresIn: 600 };
    const tokens = [
      jwt.sign(claims, 'another secret, of some forty characters', rules),
      jwt.sign({ ...claims, typ: 'refresh' }, SECRET, rules),
      jwt.sign(claims, SECRET, { ...rules, expiresIn: -1 }),
      jwt.sign(claims, SECRET, { ...rules, audience: 'another' }),
      jwt.sign(claims, '', { ...rules, algorithm: 'none' }),
    ];
    for (const token of tokens) expect(await refusalWith({ auth: { token } })).toBe('invalid_token');
    // The same claims, signed as we sign them, would do.
    expect(await refusalWith({ auth: { token: jwt.sign(claims, SECRET, rules) } })).toBe('connected');
  });

  it('is not who was logged out, or removed from the business', async () => {
    const person = await world.addPerson(await world.addBusiness());
    await world.sql('update sessions set revoked_at = now() where id = $1', [person.sessionId]);
    expect(await refusalWith({ auth: { token: person.token } })).toBe('session_ended');
    const other = await world.addPerson(await world.addBusiness());
    await world.sql('delete from memberships where user_id = $1', [other.userId]);
    expect(await refusalWith({ auth: { token: other.token } })).toBe('session_ended');
  });

  it('is nobody in another namespace, token or not', async () => {
    const { token } = await world.addPerson(await world.addBusiness());
    for (const namespace of ['/admin', '/x', '/constructor']) {
      expect(await refusalWith({ auth: { token } }, namespace)).toBe('Invalid namespace');
    }
  });

  it('tries a few times at most on one connection', async () => {
    const connection = await openRaw(node.port);
    for (let attempt = 1; attempt <= 5; attempt += 1) {
      connection.send('0{"token":"wrong"}');
      await connection.until((received) => received.length === attempt);
    }
    expect(connection.received.every((packet) => packet.startsWith('4{'))).toBe(true);
    connection.send('0{"token":"wrong"}');
    await connection.closed;
    expect(connection.received).toHaveLength(5);
  });

  it('is not in twice over one connection', async () => {
    const { token, userId } = await world.addPerson(await world.addBusiness());
    const connection = await openRaw(node.port);
    for (let attempt = 0; attempt < 3; attempt += 1) connection.send(`0${JSON.stringify({ token })}`);
    await connection.until((received) => received.length >= 3);
    expect(connection.received.map((packet) => packet[0]).sort()).toEqual(['0', '4', '4']);
    const rows = await world.sql('select from presence_connections where user_id = $1', [userId]);
    expect(rows).toHaveLength(1);
    connection.close();
  });
});

describe('a connection that goes away while it logs in', () => {
  it('leaves nobody present', async () => {
    const person = await world.addPerson(await world.addBusiness());
    for (let round = 0; round < 15; round += 1) {
      const connection = await openRaw(node.port);
      connection.send(`0${JSON.stringify({ token: person.token })}`);
      // At once, and later and later: before the login is read, while it is looked up, while it is answered.
      for (let pause = round; pause > 0; pause -= 1) await setImmediate();
      connection.close();
      await connection.closed;
    }
    await eventually('no connection is left', async () => {
      const rows = await world.sql('select from presence_connections where user_id = $1', [person.userId]);
      return rows.length === 0;
    });
    // Twenty may come again.
    const tries = Array.from({ length: 20 }, () => refusal(node.connect(person.token)));
    expect(new Set(await Promise.all(tries))).toEqual(new Set(['connected']));
  });
});

describe('pages', () => {
  const withOrigin = async (origin: string | undefined, headers: Record<string, string> = {}) => {
    const { token } = await world.addPerson(await world.addBusiness());
    const extraHeaders = origin === undefined ? headers : { origin, ...headers };
    return refusalWith({ auth: { token }, extraHeaders });
  };

  it('of our own host, and programs that are no browser, get in', async () => {
    expect(await withOrigin(undefined)).toBe('connected');
    expect(await withOrigin(`http://127.0.0.1:${node.port}`)).toBe('connected');
    expect(await withOrigin(`http://localhost:${node.port}`)).toBe('connected');
  });

  it('of any other origin do not', async () => {
    for (const origin of ['https://evil.test', `http://localhost:${node.port + 1}`, 'null', 'x', '']) {
      expect(await withOrigin(origin)).toBe('websocket error');
    }
    // A forwarded host counts only behind a proxy that we were told of.
    expect(await withOrigin('https://evil.test', { 'x-forwarded-host': 'evil.test' })).toBe(
      'websocket error',
    );
  });

  it('of CORS_ORIGINS get in where it is set, and localhost no longer', async () => {
    const strict = await startNode({
      databaseUrl: world.url,
      env: { CORS_ORIGINS: 'https://app.example.com, https://b.example.com' },
    });
    try {
      const { token } = await world.addPerson(await world.addBusiness());
      const tryOrigin = (origin: string) => refusal(strict.connect(token, { extraHeaders: { origin } }));
      expect(await tryOrigin('https://app.example.com')).toBe('connected');
      expect(await tryOrigin('https://app.example.com.evil.test')).toBe('websocket error');
      expect(await tryOrigin(`http://localhost:${strict.port}`)).toBe('websocket error');
      expect(await tryOrigin(`http://127.0.0.1:${strict.port}`)).toBe('connected');
    } finally {
      await strict.stop();
    }
  });
});

describe('connections of one person', () => {
  it('are at most twenty, over all nodes, even when they come at once', async () => {
    const other = await startNode({ databaseUrl: world.url });
    try {
      const person = await world.addPerson(await world.addBusiness());
      const tries = Array.from({ length: 30 }, (_, index) =>
        (index % 2 ? node : other).connect(person.token),
      );
      const outcomes = await Promise.all(tries.map(refusal));
      expect(outcomes.filter((outcome) => outcome === 'connected')).toHaveLength(20);
      expect(outcomes.filter((outcome) => outcome === 'too_many_connections')).toHaveLength(10);
      // One that goes makes room for another, and someone else is not counted.
      const [first] = await Promise.all(tries.filter((_, index) => outcomes[index] === 'connected'));
      first?.disconnect();
      for (;;) if ((await refusal(node.connect(person.token))) === 'connected') break;
      expect(await refusal(node.connect((await world.addPerson(person.businessId)).token))).toBe('connected');
    } finally {
      await other.stop();
    }
  });
});

describe('a dashboard that can’t be read', () => {
  it('is answered the same whether it is foreign, private, or not there', async () => {
    const mine = await world.addPerson(await world.addBusiness());
    const colleague = await world.addPerson(mine.businessId);
    const stranger = await world.addPerson(await world.addBusiness());
    const client = await node.connect(mine.token);
    const tryOpen = (dashboardId: string) => ask(client, 'dashboard.open', { dashboardId });
    const missing = await tryOpen(newId());
    expect(missing).toEqual({ ok: false, error: { code: 'not_found', message: 'Dashboard not found.' } });
    const hidden = [
      await world.addDashboard(colleague, { shared: false }),
      await world.addDashboard(stranger, { shared: true }),
    ];
    for (const dashboardId of hidden) {
      expect(await tryOpen(dashboardId)).toEqual(missing);
      expect(await ask(client, 'presence.list', { dashboardId })).toEqual(missing);
    }
    expect(await tryOpen(await world.addDashboard(colleague, { shared: true }))).toEqual({ ok: true });
    expect(await tryOpen(await world.addDashboard(mine, { shared: false }))).toEqual({ ok: true });
  });
});
