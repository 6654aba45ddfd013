import pino from 'pino';
import type { Socket } from 'socket.io-client';
import { openParts } from '../../../compose/parts';
import { createOperations } from '../../../domain/operations';
import { parseEnv } from '../../../lib/env';
import { createShutdown, type Shutdown } from '../../../lib/shutdown';
import type { PresentedPreferences } from '../../../domain/presenters/preferences';
import type { PresentedTheme } from '../../../domain/presenters/theme';
import { Replica } from '../../../realtime/replica';
import type { SyncAnswer } from '../../../realtime/sync/changes';
import { createServerContext } from '../../../server/context';
import { startServer } from '../../../server/start';
import { dashboardBody, themeBody } from '../../factories/bodies';
import { createTenant, logIn, type Person, type Tenant } from '../../factories/tenant';
import { eventually } from '../../support/eventually';
import { createTestDatabase } from '../../support/postgres';
import { startRedis, type TestRedis } from '../../support/redis';
import { apiOf } from '../http/api';
import { JWT_SECRET } from '../serve';
import { createThing } from '../routes/things';
import { ask, connected, open } from './node';

const NAMES = ['theme.changed', 'preferences.changed', 'dashboard.changed'] as const;
interface Told {
  name: (typeof NAMES)[number];
  payload: { id: string; version: number; businessId: string; requestId: string };
}

interface Node {
  port: number;
  shutdown: Shutdown;
}

describe.each(['Postgres', 'Redis'] as const)('on %s, what someone makes of their own', (kind) => {
  let redis: TestRedis | undefined;
  let drop: () => Promise<void>;
  let nodes: Node[];
  let tenants: [Tenant, Tenant];
  let secondLogin: Person;
  const clients: Socket[] = [];

  beforeAll(async () => {
    const database = await createTestDatabase();
    ({ drop } = database);
    if (kind === 'Redis') redis = await startRedis();
    const logger = pino({ level: 'silent' });
    const env = parseEnv({
      DATABASE_URL: database.url,
      HOST: '127.0.0.1',
      PORT: '0',
      JWT_SECRET,
      SANDBOX_URL: 'http://127.0.0.1:1',
      ...(redis && { REDIS_URL: redis.url, ENCRYPTION_KEYS: 'a key of the tests' }),
    });
    const start = async (): Promise<Node> => {
      const shutdown = createShutdown(logger);
      const parts = openParts({ ...env, DATABASE_URL: database.url }, logger, shutdown);
      await parts.broker.ready();
      const { port } = await startServer(createServerContext(parts), createOperations(parts), shutdown);
      tenants ??= await Promise.all([
        createTenant({ db: parts.db, secrets: [JWT_SECRET] }),
        createTenant({ db: parts.db, secrets: [JWT_SECRET] }),
      ]);
      secondLogin ??= await logIn({ db: parts.db, secrets: [JWT_SECRET] }, tenants[0].member);
      return { port, shutdown };
    };
    // With Redis, what is asked of one node is told by the other.
    nodes = redis ? [await start(), await start()] : [await start()];
  });
  afterAll(async () => {
    for (const client of clients) client.disconnect();
    await Promise.all(nodes.map(({ shutdown }) => shutdown.run('the test ended')));
    await redis?.stop();
    await drop();
  });

  const listen = async (person: Person) => {
    const client = open(nodes.at(-1)?.port ?? 0, { auth: { token: person.token } });
    clients.push(client);
    const told: Told[] = [];
    for (const name of NAMES) client.on(name, (payload: Told['payload']) => told.push({ name, payload }));
    await connected(client);
    return { client, told };
  };

  it('is told to their devices at once, as sync tells it later, and to nobody else', async () => {
    const [own, other] = tenants;
    const port = nodes[0]?.port ?? 0;
    const api = apiOf(port, own.member.token);
    const shared = await createThing(port, own.manager, '/dashboards', dashboardBody({ shared: true }));
    const [device, colleague, stranger] = [
      await listen(secondLogin),
      await listen(own.admin),
      await listen(other.member),
    ];
    const late = new Replica();
    late.applySync((await ask(device.client, 'sync')) as unknown as SyncAnswer);

    const made = await api.post('/themes', themeBody({ tokens: { gap: '4px' } }), {
      'X-Request-Id': 'the-request',
    });
    const theme = made.body.data as PresentedTheme;
    const activated = await api.post(`/themes/${theme.id}/activate`);
    await api.post(`/dashboards/${shared}/activate`);
    await api.patch(`/themes/${theme.id}`, { name: 'Renamed' });
    await api.patch(`/themes/${theme.id}`, { name: 'Lost' }, { 'If-Match': '"1"' });
    await api.patch('/preferences', { activeThemeId: shared });
    await apiOf(port, own.manager.token).delete(`/dashboards/${shared}`);
    const kept = await api.post('/themes', themeBody());
    await api.delete(`/themes/${theme.id}`);
    const current = (await api.get('/preferences')).body.data as PresentedPreferences;
    await eventually('the last change is told', () =>
      device.told.some(
        ({ name, payload }) => name === 'preferences.changed' && payload.version === current.version,
      ),
    );

    const { businessId } = own;
    const personal = device.told.filter(({ name }) => name !== 'dashboard.changed');
    const carried = { businessId, ts: expect.any(String), requestId: expect.any(String) };
    expect(personal).toEqual([
      { name: 'theme.changed', payload: { ...theme, ...carried, requestId: 'the-request' } },
      { name: 'preferences.changed', payload: { ...(activated.body.data as object), ...carried } },
      { name: 'preferences.changed', payload: expect.objectContaining({ activeDashboardId: shared }) },
      { name: 'theme.changed', payload: expect.objectContaining({ name: 'Renamed', version: 2 }) },
      { name: 'preferences.changed', payload: expect.objectContaining({ activeDashboardId: null }) },
      { name: 'theme.changed', payload: { ...(kept.body.data as object), ...carried } },
      { name: 'theme.changed', payload: { id: theme.id, deleted: true, version: 3, ...carried } },
      { name: 'preferences.changed', payload: { ...current, ...carried } },
    ]);

    const live = new Replica();
    for (const { name, payload } of device.told.toReversed()) live.applyEvent(name, payload as never);
    const answer = await ask(device.client, 'sync', { cursor: late.cursor });
    late.applySync(answer as unknown as SyncAnswer);
    for (const replica of [live, late]) {
      expect(replica.all('theme')).toEqual([kept.body.data]);
      expect(replica.all('preferences')).toEqual([current]);
    }

    // Something of their own comes after whatever came over to them.
    for (const [person, { told }] of [
      [own.admin, colleague],
      [other.member, stranger],
    ] as const) {
      await apiOf(port, person.token).patch('/preferences', { themeMode: 'dark' });
      await eventually('their own is told', () => told.some(({ name }) => name === 'preferences.changed'));
      expect(told.filter(({ name }) => name !== 'dashboard.changed')).toEqual([
        { name: 'preferences.changed', payload: expect.objectContaining({ userId: person.userId }) },
      ]);
    }
  });
});
