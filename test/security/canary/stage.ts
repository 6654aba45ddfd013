import { rmSync } from 'node:fs';
import { Client } from 'pg';
import type { Socket } from 'socket.io-client';
import { openDatabase } from '../../../db/database';
import type { EventName } from '../../../realtime/events';
import { createTenant, type Person, type Tenant } from '../../factories/tenant';
import { apiOf } from '../../server/http/api';
import { JWT_SECRET } from '../../server/serve';
import { ask, connected, open } from '../../server/sockets/node';
import { makersOf, type Maker } from '../../server/routes/things';
import { spawnApp, type App } from '../../support/app';
import { eventually } from '../../support/eventually';
import { createTestDatabase } from '../../support/postgres';
import { startTestSandbox, type TestSandbox } from '../../support/sandbox';
import { temporaryDirectory } from '../../support/temporary';

/** The whole platform as one process, its log at its loudest, with two businesses in it. */
export interface Stage {
  app: App;
  port: number;
  databaseUrl: string;
  sandbox: TestSandbox;
  own: Tenant;
  other: Tenant;
  makers: Record<string, Maker>;
  /** As the tables' owner. */
  sql(text: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]>;
  listen(person: Person): Promise<Listener>;
  close(): Promise<void>;
}

/** A socket of a person's, and all that it was told. */
export interface Listener {
  person: Person;
  socket: Socket;
  /** Of a sync when it connected. */
  cursor: string;
  events: { name: EventName; text: string }[];
}

export async function openStage(): Promise<Stage> {
  const directory = temporaryDirectory();
  const [database, sandbox] = await Promise.all([createTestDatabase(), startTestSandbox()]);
  const app = spawnApp('start', {
    DATABASE_URL: database.url,
    DATA_DIR: directory,
    HOST: '127.0.0.1',
    PORT: '0',
    JWT_SECRET,
    ENCRYPTION_KEYS: 'a key of the tests only, long enough',
    SANDBOX_URL: sandbox.url,
    ALLOW_PRIVATE_HOSTS: new URL(sandbox.url).host,
    LOG_LEVEL: 'trace',
  });
  const { port } = JSON.parse(await app.waitForLine(/"msg":"ready"/)) as { port: number };
  const db = openDatabase(database.url, 4);
  const owner = new Client({ connectionString: database.url });
  await owner.connect();
  const making = { db, secrets: [JWT_SECRET] };
  const [own, other] = [await createTenant(making), await createTenant(making)];
  const sockets: Socket[] = [];
  return {
    app,
    port,
    databaseUrl: database.url,
    sandbox,
    own,
    other,
    makers: makersOf({ port, db }),
    sql: async (text, values = []) =>
      (await owner.query<Record<string, unknown>>(text, values as unknown[])).rows,
    async listen(person) {
      const socket = open(port, { auth: { token: person.token } });
      sockets.push(socket);
      const events: Listener['events'] = [];
      socket.onAny((name: EventName, ...payload: unknown[]) =>
        events.push({ name, text: JSON.stringify(payload) }),
      );
      await connected(socket);
      const { cursor } = (await ask(socket, 'sync', {})) as unknown as { cursor: string };
      return { person, socket, cursor, events };
    },
    async close() {
      for (const socket of sockets) socket.disconnect();
      await app.kill('SIGTERM');
      await owner.end();
      await db.close();
      await sandbox.close();
      await database.drop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** All that a sync gives of what was written since they connected. */
export async function syncOf({ socket, cursor }: Listener): Promise<string> {
  const answer = await ask(socket, 'sync', { cursor });
  if (!answer.ok || answer.reset) throw new Error(`This sync gives no rows: ${JSON.stringify(answer)}`);
  return JSON.stringify(answer);
}

/** Waits for the end of a run. */
export const ended = (port: number, { token }: Person, runId: string) =>
  eventually('the end of the run', async () => {
    const { body } = await apiOf(port, token).get(`/runs/${runId}`);
    const { status } = body.data as { status: string };
    return ['completed', 'failed', 'stopped'].includes(status) && status;
  });
