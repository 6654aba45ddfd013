import jwt from 'jsonwebtoken';
import { dashboardRoom } from '../../../realtime/rooms';
import { createWorld, SECRET, type Person, type World } from '../../realtime/fixture';
import { eventually } from '../../support/eventually';
import { ask, disconnected, next, startNode, type TestNode } from './node';

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

const someone = async () => world.addPerson(await world.addBusiness());

const tokenFor = ({ userId, sessionId, businessId }: Person, seconds: number) =>
  jwt.sign({ sub: userId, sid: sessionId, bid: businessId, typ: 'access' }, SECRET, {
    issuer: 'liveboard',
    audience: 'liveboard-api',
    expiresIn: seconds,
  });

describe('a session that ends', () => {
  /** How long it took until the socket was closed, and what it was told. */
  async function closing(person: Person, end: () => Promise<unknown>) {
    const client = await node.connect(person.token);
    const told = next(client, 'session.revoked');
    const closed = disconnected(client);
    const begun = performance.now();
    await end();
    expect(await told).toEqual({ reason: 'session_ended' });
    expect(await closed).toBe('io server disconnect');
    return performance.now() - begun;
  }

  it('closes its sockets within 5 s: logged out', async () => {
    const person = await someone();
    const ms = await closing(person, () =>
      world.sql('update sessions set revoked_at = now() where id = $1', [person.sessionId]),
    );
    expect(ms).toBeLessThan(5_000);
  });

  it('closes its sockets within 5 s: removed from the business', async () => {
    const person = await someone();
    const ms = await closing(person, () =>
      world.sql('delete from memberships where user_id = $1', [person.userId]),
    );
    expect(ms).toBeLessThan(5_000);
  });

  it('closes soon a socket that was let in on what was remembered of it', async () => {
    // All sockets are looked at 4 s after a node's start, newcomers before.
    const fresh = await startNode({ databaseUrl: world.url });
    try {
      const person = await someone();
      const first = await fresh.connect(person.token);
      await world.sql('update sessions set revoked_at = now() where id = $1', [person.sessionId]);
      const begun = performance.now();
      const late = await fresh.connect(person.token);
      expect(await disconnected(late)).toBe('io server disconnect');
      expect(performance.now() - begun).toBeLessThan(2_000);
      first.disconnect();
    } finally {
      await fresh.stop();
    }
  });

  it('leaves the person’s other login alone', async () => {
    const person = await someone();
    const other = await node.connect((await world.addSession(person)).token);
    await closing(person, () =>
      world.sql('update sessions set revoked_at = now() where id = $1', [person.sessionId]),
    );
    expect(await ask(other, 'presence.list')).toMatchObject({ ok: true });
  });
});

describe('a right that changes', () => {
  it('takes hold on the open socket: the role', async () => {
    const person = await someone();
    const client = await node.connect(person.token);
    const { cursor } = await ask(client, 'sync');
    expect((await ask(client, 'sync', { cursor })).reset).toBeUndefined();
    await world.sql(`update memberships set role = 'viewer' where user_id = $1`, [person.userId]);
    // What a role sees is its own: the cursor of another one is a reset.
    await eventually(
      'the role is the new one',
      async () => (await ask(client, 'sync', { cursor })).reset === true,
    );
  });

  it('takes hold on the open socket: a dashboard that became private', async () => {
    const owner = await someone();
    const guest = await world.addPerson(owner.businessId);
    const dashboardId = await world.addDashboard(owner, { shared: true });
    const [owners, guests] = [await node.connect(owner.token), await node.connect(guest.token)];
    for (const client of [owners, guests]) await ask(client, 'dashboard.open', { dashboardId });
    const room = () => node.sockets.io.sockets.adapter.rooms.get(dashboardRoom(dashboardId))?.size;
    expect(room()).toBe(2);
    await world.sql('update dashboards set shared = false where id = $1', [dashboardId]);
    await eventually('the guest is out of the room', () => room() === 1);
    await eventually('the owner is the only viewer', async () => {
      const { people } = await ask(owners, 'presence.list', { dashboardId });
      return (people as { userId: string }[]).map((viewer) => viewer.userId).join() === owner.userId;
    });
  });
});

describe('an access token that runs out', () => {
  it('is announced, and then ends the socket', async () => {
    const client = await node.connect(tokenFor(await someone(), 3));
    const expiring = next(client, 'session.expiring');
    const revoked = next(client, 'session.revoked');
    const closed = disconnected(client);
    const { expiresIn } = await expiring;
    expect(expiresIn).toBeGreaterThan(0);
    expect(expiresIn).toBeLessThanOrEqual(3);
    expect(await revoked).toEqual({ reason: 'expired' });
    expect(await closed).toBe('io server disconnect');
  });

  it('is replaced by auth.refresh', async () => {
    const person = await someone();
    const client = await node.connect(tokenFor(person, 2));
    const { ok, expiresIn } = await ask(client, 'auth.refresh', { token: tokenFor(person, 600) });
    expect(ok).toBe(true);
    expect(expiresIn).toBeGreaterThan(590);
    // An older one does not shorten it again.
    expect((await ask(client, 'auth.refresh', { token: tokenFor(person, 100) })).expiresIn).toBeGreaterThan(
      590,
    );
    const witness = await node.connect(tokenFor(person, 3));
    await disconnected(witness);
    expect(await ask(client, 'presence.list')).toMatchObject({ ok: true });
  });

  it('is not replaced by one of another person, login or business, nor by a wrong one', async () => {
    const person = await someone();
    const client = await node.connect(person.token);
    const refresh = async (token: string) => (await ask(client, 'auth.refresh', { token })).error?.code;
    expect(await refresh((await someone()).token)).toBe('session_mismatch');
    expect(await refresh((await world.addPerson(person.businessId)).token)).toBe('session_mismatch');
    expect(await refresh((await world.addSession(person)).token)).toBe('session_mismatch');
    expect(await refresh('x')).toBe('invalid_token');
    expect(await refresh(tokenFor(person, -1))).toBe('invalid_token');
    expect(await refresh(person.token)).toBeUndefined();
  });
});
