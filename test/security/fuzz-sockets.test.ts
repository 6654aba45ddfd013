import fc from 'fast-check';
import { EVENTS } from '../../server/sockets/events';
import { createTenant, type Tenant } from '../factories/tenant';
import { startWholeServer, type WholeServer } from '../server/accounts/whole-server';
import { openDatabase, type Database } from '../../db/database';
import { JWT_SECRET } from '../server/serve';
import { makersOf } from '../server/routes/things';
import { ask } from '../server/sockets/node';
import { openRaw, type RawConnection } from '../server/sockets/raw';
import { contentsOf } from '../server/http/contents';
import { eventually } from '../support/eventually';
import { createTestDatabase } from '../support/postgres';
import { CASES, SEED } from './fuzz/seed';
import { hostileValue, textOf } from './fuzz/hostile';
import { mutate, mutations } from './fuzz/mutate';
import { valuesOf } from './fuzz/from-schema';

jest.setTimeout(300_000);

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let db: Database;
let server: WholeServer;
let own: Tenant;
let ids: string[];

beforeAll(async () => {
  database = await createTestDatabase();
  db = openDatabase(database.url, 4);
  server = await startWholeServer(database.url);
  const making = { db, secrets: [JWT_SECRET] };
  const [mine, other] = await Promise.all([createTenant(making), createTenant(making)]);
  own = mine;
  const makers = makersOf({ port: server.port, db });
  ids = [];
  for (const { admin } of [own, other]) {
    for (const kind of ['dashboards', 'conversations', 'widgets']) {
      ids.push((await makers[kind]?.(admin)) ?? '');
    }
  }
});
afterAll(async () => {
  await server?.stop();
  await db?.close();
  await database?.drop();
});

/** Where the server has not seen the ends of earlier connections yet, it has no room for another one. */
function logIn(): Promise<RawConnection> {
  return eventually('a connection is let in', async () => {
    const connection = await openRaw(server.port);
    connection.send(`0${JSON.stringify({ token: own.admin.token })}`);
    let answer: string | undefined;
    const answered = connection.until((received) => {
      answer = received.find((packet) => /^[04]\{/.test(packet));
      return answer !== undefined;
    });
    await Promise.race([answered, connection.closed]);
    if (answer?.startsWith('0')) return connection;
    connection.close();
    throw new Error(`Refused: ${answer}`);
  });
}

/** Someone else comes in and is answered. */
async function expectAlive(): Promise<void> {
  const client = await server.connect(own.viewer.token);
  expect(await ask(client, 'sync', {})).toMatchObject({ ok: true });
  client.disconnect();
}

interface Acknowledgement {
  ok: boolean;
  error?: { code: string; message: string };
}

/** Sends an event with this JSON as its payload. @returns what it is acknowledged with */
async function acknowledged(connection: RawConnection, event: string, json: string) {
  const mark = '37';
  connection.send(`27[${JSON.stringify(event)},${json}]`);
  await eventually(`the acknowledgement of ${event}`, () =>
    connection.received.some((each) => each.startsWith(mark)),
  );
  const packet = connection.received.find((each) => each.startsWith(mark)) ?? '';
  return (JSON.parse(packet.slice(mark.length)) as [Acknowledgement])[0];
}

/** Payloads of an event, from its own schema, then made wrong. */
const payloadsOf = (name: string) => {
  const event = EVENTS.get(name);
  if (!event) throw new Error(`There is no event ${name}.`);
  const fitting = valuesOf(event.payload, ids);
  const wrong = fc
    .tuple(fitting, fc.array(mutations, { minLength: 1, maxLength: 2 }))
    .map(([value, changes]) => changes.reduce<unknown>(mutate, structuredClone(value)));
  return fc.oneof(fitting, { weight: 2, arbitrary: wrong }, hostileValue).map((value) => textOf(value));
};

it.each([...EVENTS.keys()])('%s is acknowledged, whatever comes with it', async (name) => {
  const before = await contentsOf(database.url);
  const outcomes = new Set<boolean>();
  await fc.assert(
    fc.asyncProperty(payloadsOf(name), async (json) => {
      const connection = await logIn();
      const answer = await acknowledged(connection, name, json);
      connection.close();
      outcomes.add(answer.ok);
      if (answer.ok) return;
      expect(answer.error).toEqual({
        code: expect.stringMatching(/^[a-z_]+$/),
        message: expect.stringMatching(/\S/),
      });
      // What nobody foresaw is told as this.
      expect(answer.error?.code).not.toBe('unavailable');
    }),
    { seed: SEED, numRuns: CASES },
  );
  expect(outcomes).toContain(false);
  await expectAlive();
  const after = await contentsOf(database.url);
  const written = Object.keys(after).filter((table) => after[table] !== before[table]);
  expect(written.filter((table) => !table.includes('presence'))).toEqual([]);
});

/** Packets that no client library sends. */
const packets = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc
    .tuple(fc.constantFrom('0', '1', '2', '3', '4', '5', '6', '51-', '52-', '2/admin,', '29'), hostileValue)
    .map(([prefix, value]) => prefix + textOf(value)),
  fc
    .tuple(fc.constantFrom(...EVENTS.keys(), '__proto__', 'disconnect', 'error'), fc.array(hostileValue))
    .map(([name, values]) => `2${textOf([name, ...values])}`),
  fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
);

it('garbage ends at most the connection it came on', async () => {
  const cases = fc.sample(fc.array(packets, { minLength: 1, maxLength: 8 }), { seed: SEED, numRuns: CASES });
  for (const sent of cases) {
    const connection = await logIn();
    for (const packet of sent) connection.send(packet);
    connection.close();
    await connection.closed;
  }
  const strangers = await Promise.all(
    cases.slice(0, 5).map(async (sent) => {
      const connection = await openRaw(server.port);
      for (const packet of sent) connection.send(packet);
      connection.close();
      return connection.closed;
    }),
  );
  expect(strangers).toHaveLength(5);
  await expectAlive();
});
