import { Replica } from '../../realtime/replica';
import type { SyncAnswer } from '../../realtime/sync/changes';
import type { EventName, ServerEvents } from '../../realtime/events';
import type { Person } from '../realtime/fixture';
import { ask, connected, disconnected, open } from '../server/sockets/node';
import { eventually } from '../support/eventually';
import { openStage, type ServerProcess, type Stage } from './stage';

jest.setTimeout(120_000);

const NAMES = Array.from({ length: 6 }, (_, index) => `w${index}`);
const EVENTS: EventName[] = ['widget.updated', 'widget.failed', 'widget.changed', 'member.changed'];

let stage: Stage;
let doomed: ServerProcess;
let survivor: ServerProcess;
let ids: string[];
beforeAll(async () => {
  stage = await openStage('redis');
  ids = [];
  for (const name of NAMES) {
    stage.source.answerAll(name, () => stage.source.count(name));
    ids.push(await stage.addWidget(name, { schedule: { everySeconds: 1 } }));
  }
  [doomed, survivor] = await Promise.all([stage.startServer(), stage.startServer(), stage.startWorker()]);
});
afterAll(() => stage.close());

/** What a client does: it holds rows, takes events, and syncs whenever it is connected. */
async function join(server: ServerProcess, { token }: Person, replica: Replica) {
  const socket = open(server.port, { auth: { token } });
  for (const name of EVENTS) {
    socket.on(name, (payload: ServerEvents[typeof name]) => replica.applyEvent(name, payload));
  }
  await connected(socket);
  const sync = async () => {
    const answer = (await ask(socket, 'sync', { cursor: replica.cursor })) as unknown as SyncAnswer;
    if (!replica.applySync(answer)) await load(server, token, replica);
  };
  await sync();
  return { socket, sync };
}

const api = async (server: ServerProcess, token: string, path: string, init: RequestInit = {}) => {
  const response = await fetch(`${server.url}${path}`, {
    ...init,
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
  });
  const text = await response.text();
  return { status: response.status, data: text ? (JSON.parse(text) as { data: never }).data : undefined };
};

async function load(server: ServerProcess, token: string, replica: Replica): Promise<void> {
  for (const row of (await api(server, token, '/widgets?pageSize=100')).data as unknown as { id: string }[]) {
    replica.apply({ kind: 'widget', row: row as never });
    const { data } = await api(server, token, `/widgets/${row.id}/data`);
    replica.apply({ kind: 'widgetData', row: data as never });
  }
}

/** Milliseconds, by the clock that leases run on. */
async function databaseTime(): Promise<number> {
  const [row] = await stage.world.sql('select extract(epoch from clock_timestamp())::float8 * 1000 as ms');
  return Number(row?.ms);
}

/** All that a version stands for. When it was refreshed last moves without one. */
const contentOf = (replica: Replica) => ({
  widgets: replica.all('widget').sort((a, b) => (a.id < b.id ? -1 : 1)),
  data: replica
    .all('widgetData')
    .map(({ widgetId, data, version, status, error }) => ({ widgetId, data, version, status, error }))
    .sort((a, b) => (a.widgetId < b.widgetId ? -1 : 1)),
});

it('clients of a killed server come to another’s exact state, and who stays away is gone within 12 s', async () => {
  const { world, owner, businessId, source } = stage;
  const [bob, ghost] = [await world.addPerson(businessId), await world.addPerson(businessId)];
  const people = [owner, bob];
  const replicas = people.map(() => new Replica());
  const before = await Promise.all(
    people.map((person, index) => join(doomed, person, replicas[index] as Replica)),
  );
  const lost = open(doomed.port, { auth: { token: ghost.token } });
  await connected(lost);
  const isPresent = async () =>
    (await world.sql('select from presence_connections where user_id = $1', [ghost.userId])).length > 0;
  await eventually('the one who will stay away is there', isPresent);

  const cut = before.map(({ socket }) => disconnected(socket));
  await doomed.app.kill('SIGKILL');
  const killedAt = await databaseTime();
  await Promise.all(cut);
  lost.disconnect();

  // What they miss: a deletion, a change, new data.
  expect((await api(survivor, owner.token, `/widgets/${ids[0]}`, { method: 'DELETE' })).status).toBeLessThan(
    300,
  );
  const renamed = { method: 'PATCH', body: JSON.stringify({ name: 'Renamed' }) };
  expect((await api(survivor, owner.token, `/widgets/${ids[1]}`, renamed)).status).toBe(200);
  const seen = source.count('w2');
  await eventually('data changes', () => source.count('w2') > seen + 1);

  const after = await Promise.all(
    people.map((person, index) => join(survivor, person, replicas[index] as Replica)),
  );
  for (const name of NAMES) source.answerAll(name, () => 'the last');
  const left = ids.slice(1);
  await eventually('nothing changes any more', async () => {
    const states = await Promise.all(left.map((id) => world.state(id)));
    return states.every(({ data }) => data === 'the last');
  });
  await Promise.all(after.map(({ sync }) => sync()));
  for (const [index, person] of people.entries()) {
    const fresh = new Replica();
    await load(survivor, person.token, fresh);
    expect(contentOf(replicas[index] as Replica)).toEqual(contentOf(fresh));
    expect(
      fresh
        .all('widget')
        .map(({ id }) => id)
        .sort(),
    ).toEqual([...left].sort());
  }

  await eventually('who stayed away is gone', async () => !(await isPresent()));
  expect((await databaseTime()) - killedAt).toBeLessThan(12_000);
  for (const { socket } of after) socket.disconnect();
});

it('a server that is stopped closes its sockets, leaves nobody behind and ends well', async () => {
  const { world, owner } = stage;
  const { socket } = await join(survivor, owner, new Replica());
  const closed = disconnected(socket);
  const exited = survivor.app.kill('SIGTERM');
  await closed;
  expect(await exited).toEqual({ code: 0, signal: null });
  expect(await world.sql('select from presence_connections')).toEqual([]);
  expect(await world.sql('select from presence_nodes')).toEqual([]);
  expect(survivor.app.output.filter((line) => /"level":"(error|fatal)"/.test(line))).toEqual([]);
});
