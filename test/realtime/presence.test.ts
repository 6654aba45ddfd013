import pino from 'pino';
import type { PresenceDiff } from '../../realtime/events';
import { createPresence, type Presence } from '../../realtime/presence';
import { addConnection } from '../../realtime/presence/connect';
import type { PresentConnection } from '../../realtime/presence/connection';
import { placesOf } from '../../realtime/presence/connection';
import { registerNode } from '../../realtime/presence/node';
import { settle } from '../../realtime/presence/settle';
import { settleGhosts } from '../../realtime/presence/sweep';
import { openDatabase } from '../../db/database';
import { withSystem } from '../../db/scope';
import type { Publish } from '../../realtime/publish';
import { businessRoom, dashboardRoom } from '../../realtime/rooms';
import { newId } from '../../lib/ids';
import { eventually } from '../support/eventually';
import { query } from '../support/postgres';
import { createWorld, type Person, type World } from './fixture';

const logger = pino({ level: process.env.LOG_LEVEL ?? 'silent' });

/** What every node announced, in the order it was announced in. */
const announced: { room: string; diff: PresenceDiff }[] = [];
const publish = ((rooms, _event, diff) => {
  for (const room of rooms) announced.push({ room, diff: diff as PresenceDiff });
}) as Publish;

let world: World;
let nodes: Presence[] = [];
beforeAll(async () => {
  world = await createWorld();
});
afterEach(async () => {
  await Promise.all(nodes.map((node) => node.stop(() => undefined)));
  nodes = [];
});
afterAll(() => world.drop());

async function startPresence(): Promise<Presence> {
  const presence = await createPresence({ db: world.db, logger, publish }, () => undefined);
  nodes.push(presence);
  return presence;
}

const connectionOf = ({ businessId, userId, sessionId }: Person): PresentConnection => ({
  id: newId(),
  businessId,
  userId,
  sessionId,
  dashboards: undefined,
});

const diffsIn = (room: string) => announced.filter((entry) => entry.room === room).map((entry) => entry.diff);

const untilJoined = (room: string, { userId }: Person) =>
  eventually('a join is announced', () =>
    diffsIn(room).find((diff) => diff.joins.some((person) => person.userId === userId)),
  );
const untilLeft = (room: string, { userId }: Person) =>
  eventually('a leave is announced', () => diffsIn(room).find((diff) => diff.leaves.includes(userId)));

/** Everything announced about someone in a room: `+` and `-`. */
const story = (room: string, { userId }: Person) =>
  diffsIn(room)
    .flatMap((diff) => [
      ...diff.joins.filter((person) => person.userId === userId).map(() => '+'),
      ...diff.leaves.filter((left) => left === userId).map(() => '-'),
    ])
    .join('');

/** No number is missing and none came twice. */
function expectGapless(room: string) {
  const revs = diffsIn(room).map((diff) => diff.rev);
  expect(revs.sort((a, b) => a - b)).toEqual(revs.map((_, index) => index + 1));
}

/** A node that wrote itself down and then died: nobody renews its lease, which is over. */
async function crashedNode(connections: PresentConnection[]): Promise<void> {
  const nodeId = newId();
  await registerNode(world.db, nodeId, connections);
  const diffs = await withSystem(world.db, (tx) => settle(tx, connections.flatMap(placesOf), 2_000));
  for (const { scopeId, businessId, rev, joins, leaves } of diffs) {
    const room = scopeId === businessId ? businessRoom(businessId) : dashboardRoom(scopeId);
    announced.push({ room, diff: { rev, joins, leaves } });
  }
  await world.sql(`update presence_nodes set lease_until = now() - interval '1 second' where node_id = $1`, [
    nodeId,
  ]);
}

/** Runs `work` so often that all of it is under way at once: it waits for a row that is held until then. */
async function allAtOnce<T>(times: number, hold: string, id: string, work: () => Promise<T>): Promise<T[]> {
  await world.sql('begin');
  await world.sql(hold, [id]);
  const results = Promise.all(Array.from({ length: times }, work));
  const waiting = `select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`;
  await eventually('all of them wait', async () => (await query(world.url, waiting)).length === times);
  await world.sql('commit');
  return results;
}

describe('presence', () => {
  it('announces who comes and goes, once, with a number that grows by one', async () => {
    const [one, two] = [await startPresence(), await startPresence()];
    const businessId = await world.addBusiness();
    const room = businessRoom(businessId);
    const [ann, bob] = [await world.addPerson(businessId), await world.addPerson(businessId)];
    const anns = connectionOf(ann);
    await one.connect(anns);
    await untilJoined(room, ann);
    await two.connect(connectionOf(bob));
    await untilJoined(room, bob);
    const list = await one.list(businessId);
    expect(list.rev).toBe(2);
    expect(list.people.map((person) => person.userId).sort()).toEqual([ann.userId, bob.userId].sort());
    one.disconnect(anns);
    await untilLeft(room, ann);
    expect((await two.list(businessId)).people).toEqual([
      { userId: bob.userId, name: `Person ${bob.userId.slice(-4)}`, avatarUrl: null },
    ]);
    expect([story(room, ann), story(room, bob)]).toEqual(['+-', '+']);
    expectGapless(room);
  });

  it('shows nothing when one of two tabs closes, or a page is reloaded on another node', async () => {
    const [one, two] = [await startPresence(), await startPresence()];
    const businessId = await world.addBusiness();
    const room = businessRoom(businessId);
    const ann = await world.addPerson(businessId);
    const tabs = [connectionOf(ann), connectionOf(ann)];
    for (const tab of tabs) await one.connect(tab);
    await untilJoined(room, ann);
    one.disconnect(tabs[0] as PresentConnection);
    // The other one reloads: gone, and back within the grace.
    one.disconnect(tabs[1] as PresentConnection);
    await eventually('the absence is noted', async () => {
      const rows = await world.sql('select missing_since from presence_people where user_id = $1', [
        ann.userId,
      ]);
      return rows[0]?.missing_since;
    });
    const reloaded = connectionOf(ann);
    await two.connect(reloaded);
    await eventually('the absence is over', async () => {
      const rows = await world.sql('select missing_since from presence_people where user_id = $1', [
        ann.userId,
      ]);
      return rows[0]?.missing_since === null;
    });
    // Whatever was announced in between stands before this in the numbers.
    const bob = await world.addPerson(businessId);
    await two.connect(connectionOf(bob));
    expect((await untilJoined(room, bob)).rev).toBe(2);
    expect(story(room, ann)).toBe('+');
    two.disconnect(reloaded);
    await untilLeft(room, ann);
    expect(story(room, ann)).toBe('+-');
  });

  it('announces a dashboard’s viewers to that dashboard only', async () => {
    const presence = await startPresence();
    const businessId = await world.addBusiness();
    const ann = await world.addPerson(businessId);
    const dashboardId = await world.addDashboard(ann);
    const connection = connectionOf(ann);
    await presence.connect(connection);
    expect(await presence.open(connection, dashboardId)).toBe(true);
    expect(await presence.open(connection, dashboardId)).toBe(true);
    expect((await untilJoined(dashboardRoom(dashboardId), ann)).dashboardId).toBe(dashboardId);
    expect(await presence.list(businessId, dashboardId)).toMatchObject({
      rev: 1,
      people: [{ userId: ann.userId }],
    });
    await presence.close(connection, dashboardId);
    await untilLeft(dashboardRoom(dashboardId), ann);
    expect(await presence.list(businessId, dashboardId)).toEqual({ rev: 2, people: [] });
    expect(story(businessRoom(businessId), ann)).toBe('+');
    // One that is deleted while it is opened, and one that was never there.
    await world.sql('delete from dashboards where id = $1', [dashboardId]);
    expect(await presence.open(connection, dashboardId)).toBe(false);
    expect(await presence.open(connection, newId())).toBe(false);
  });

  it('announces the people of a crashed node exactly once, however many nodes clear up', async () => {
    const businessId = await world.addBusiness();
    const room = businessRoom(businessId);
    const [ann, bob, eve] = [
      await world.addPerson(businessId),
      await world.addPerson(businessId),
      await world.addPerson(businessId),
    ];
    const dashboardId = await world.addDashboard(ann);
    const survivors = [await startPresence(), await startPresence(), await startPresence()];
    // Bob has a second tab on a node that lives.
    await survivors[0]?.connect(connectionOf(bob));
    await untilJoined(room, bob);
    const open = { ...connectionOf(ann), dashboards: new Set([dashboardId]) };
    await crashedNode([open, connectionOf(bob)]);
    const begun = performance.now();
    await Promise.all([untilLeft(room, ann), untilLeft(dashboardRoom(dashboardId), ann)]);
    // With the next sweep, and without the grace: the repair of ghosts would find them, too, but far too late.
    expect(performance.now() - begun).toBeLessThan(2_500);
    await survivors[1]?.connect(connectionOf(eve));
    await untilJoined(room, eve);
    expect([story(room, ann), story(room, bob), story(room, eve)]).toEqual(['+-', '+', '+']);
    expect(story(dashboardRoom(dashboardId), ann)).toBe('+-');
    expectGapless(room);
    expect(await world.sql('select from presence_nodes')).toHaveLength(survivors.length);
  });

  it('makes one diff of a change that many settle at the same instant', async () => {
    const businessId = await world.addBusiness();
    const people = [await world.addPerson(businessId), await world.addPerson(businessId)];
    const connections = people.map(connectionOf);
    const nodeId = newId();
    const places = connections.flatMap(placesOf);
    await registerNode(world.db, nodeId, []);
    const settleOnce = () => withSystem(world.db, (tx) => settle(tx, places, 0));
    expect(await settleOnce()).toEqual([]);
    await registerNode(world.db, nodeId, connections);
    const joined = await allAtOnce(
      10,
      'select from presence_scopes where business_id = $1 for update',
      businessId,
      settleOnce,
    );
    expect(joined.flat()).toMatchObject([{ rev: 1, leaves: [] }]);
    await world.sql('delete from presence_nodes where node_id = $1', [nodeId]);
    const left = await allAtOnce(
      10,
      'select from presence_scopes where business_id = $1 for update',
      businessId,
      settleOnce,
    );
    expect(left.flat()).toMatchObject([{ rev: 2, joins: [] }]);
  });

  it('counts a person’s connections as it adds one, however many come at the same instant', async () => {
    const nodeId = newId();
    await registerNode(world.db, nodeId, []);
    const person = await world.addPerson(await world.addBusiness());
    const db = openDatabase(world.url, 30);
    try {
      const allowed = await allAtOnce(
        30,
        'select from presence_nodes where node_id = $1 for update',
        nodeId,
        () => addConnection(db, nodeId, connectionOf(person)),
      );
      expect(allowed.filter(Boolean)).toHaveLength(20);
    } finally {
      await db.close();
    }
  });

  it('writes its people down again when others took it for dead, and lets newcomers in meanwhile', async () => {
    const frozen = await startPresence();
    const businessId = await world.addBusiness();
    const room = businessRoom(businessId);
    const [ann, bob] = [await world.addPerson(businessId), await world.addPerson(businessId)];
    const dashboardId = await world.addDashboard(ann);
    const connection = connectionOf(ann);
    await frozen.connect(connection);
    await frozen.open(connection, dashboardId);
    await untilJoined(room, ann);
    // What another node's sweep does once the lease is over.
    await world.sql('delete from presence_nodes where node_id = $1', [frozen.nodeId]);
    await frozen.connect(connectionOf(bob));
    await untilJoined(room, bob);
    const rows = await world.sql('select user_id from presence_connections where node_id = $1', [
      frozen.nodeId,
    ]);
    expect(rows.map((row) => row.user_id).sort()).toEqual([ann.userId, bob.userId].sort());
    expect(
      await world.sql('select from presence_dashboards where dashboard_id = $1', [dashboardId]),
    ).toHaveLength(1);
    // And by itself, with the next renewal.
    await world.sql('delete from presence_nodes where node_id = $1', [frozen.nodeId]);
    await eventually('everyone is written down again', async () => {
      const again = await world.sql('select from presence_connections where node_id = $1', [frozen.nodeId]);
      return again.length === 2;
    });
  });

  it('finds people whom nobody saw go', async () => {
    const presence = await startPresence();
    const businessId = await world.addBusiness();
    const room = businessRoom(businessId);
    const ann = await world.addPerson(businessId);
    await presence.connect(connectionOf(ann));
    await untilJoined(room, ann);
    // A node that died between writing a disconnect and settling it.
    await world.sql('delete from presence_connections where user_id = $1', [ann.userId]);
    await settleGhosts(world.db);
    await untilLeft(room, ann);
    expect(story(room, ann)).toBe('+-');
  });

  it('takes hundreds who come and go at once in few diffs', async () => {
    const presence = await startPresence();
    const businessId = await world.addBusiness();
    const room = businessRoom(businessId);
    const people: Person[] = [];
    for (let count = 0; count < 200; count += 1) people.push(await world.addPerson(businessId));
    const connections = people.map(connectionOf);
    await Promise.all(connections.map((connection) => presence.connect(connection)));
    await eventually('all are there', async () => (await presence.list(businessId)).people.length === 200);
    for (const connection of connections) presence.disconnect(connection);
    await eventually('all are gone', async () => (await presence.list(businessId)).people.length === 0);
    expect(people.map((person) => story(room, person))).toEqual(Array(200).fill('+-'));
    expectGapless(room);
    expect(diffsIn(room).length).toBeLessThan(40);
  });

  it('leaves in order: its people have the grace to come back elsewhere', async () => {
    const [leaving, other] = [await startPresence(), await startPresence()];
    const businessId = await world.addBusiness();
    const room = businessRoom(businessId);
    const [ann, bob] = [await world.addPerson(businessId), await world.addPerson(businessId)];
    for (const person of [ann, bob]) await leaving.connect(connectionOf(person));
    await untilJoined(room, ann);
    await untilJoined(room, bob);
    await leaving.stop(() => undefined);
    nodes = nodes.filter((node) => node !== leaving);
    expect(await world.sql('select from presence_connections where business_id = $1', [businessId])).toEqual(
      [],
    );
    await other.connect(connectionOf(ann));
    await untilLeft(room, bob);
    expect([story(room, ann), story(room, bob)]).toEqual(['+', '+-']);
    await expect(leaving.connect(connectionOf(bob))).rejects.toMatchObject({ code: 'stopping' });
  });
});
