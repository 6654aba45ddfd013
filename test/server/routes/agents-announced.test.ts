import pino from 'pino';
import { openParts } from '../../../compose/parts';
import { createOperations } from '../../../domain/operations';
import { parseEnv } from '../../../lib/env';
import { createShutdown, type Shutdown } from '../../../lib/shutdown';
import type { ServerEvents } from '../../../realtime/events';
import { Replica } from '../../../realtime/replica';
import { createServerContext } from '../../../server/context';
import { startServer } from '../../../server/start';
import { agentBody } from '../../factories/bodies';
import { createTenant, type Tenant } from '../../factories/tenant';
import { createTestDatabase } from '../../support/postgres';
import { eventually } from '../../support/eventually';
import { apiOf, type Api } from '../http/api';
import { JWT_SECRET } from '../serve';
import { connected, open } from '../sockets/node';

type Told = ServerEvents['agent.changed'];

let shutdown: Shutdown;
let drop: () => Promise<void>;
let port: number;
let tenants: Tenant[];
beforeAll(async () => {
  const database = await createTestDatabase();
  drop = database.drop;
  const logger = pino({ level: 'silent' });
  shutdown = createShutdown(logger);
  const env = parseEnv({
    DATABASE_URL: database.url,
    HOST: '127.0.0.1',
    PORT: '0',
    JWT_SECRET,
    SANDBOX_URL: 'http://127.0.0.1:1',
  });
  const parts = openParts({ ...env, DATABASE_URL: database.url }, logger, shutdown);
  await parts.broker.ready();
  ({ port } = await startServer(createServerContext(parts), createOperations(parts), shutdown));
  const making = { db: parts.db, secrets: [JWT_SECRET] };
  tenants = await Promise.all([createTenant(making), createTenant(making)]);
});
afterAll(async () => {
  await shutdown.run('the test ended');
  await drop();
});

it('tells everyone in the business of each change to an agent once, and nobody else', async () => {
  const [own, other] = tenants as [Tenant, Tenant];
  const listen = async (token: string) => {
    const client = open(port, { auth: { token } });
    const told: Told[] = [];
    client.on('agent.changed', (payload: Told) => told.push(payload));
    await connected(client);
    return { client, told };
  };
  const [viewer, stranger] = [await listen(own.viewer.token), await listen(other.admin.token)];
  const api: Api = apiOf(port, own.manager.token);

  const headers = { 'Idempotency-Key': 'k', 'X-Request-Id': 'the-request' };
  const body = agentBody({ tools: ['search'] });
  const made = await api.post('/agents', body, headers);
  expect((await api.post('/agents', body, headers)).headers['idempotency-replayed']).toBe('true');
  const { totals: _, ...agent } = made.body.data as Record<string, unknown> & { id: string };
  const changed = await api.patch(`/agents/${agent.id}`, { name: 'Renamed' });
  await api.patch(`/agents/${agent.id}`, { name: 'Lost' }, { 'If-Match': '"1"' });
  await api.delete(`/agents/${agent.id}`);
  await eventually('the deletion is told', () => viewer.told.some((payload) => 'deleted' in payload));

  const { businessId } = own;
  expect(viewer.told).toEqual([
    { ...agent, businessId, ts: expect.any(String), requestId: 'the-request' },
    expect.objectContaining({ id: agent.id, name: 'Renamed', version: 2 }),
    expect.objectContaining({ id: agent.id, deleted: true, version: 3 }),
  ]);
  expect(changed.body.data).toMatchObject({ version: 2 });
  const replica = new Replica();
  for (const payload of viewer.told.toReversed()) replica.applyEvent('agent.changed', payload);
  expect(replica.all('agent')).toEqual([]);
  // One of their own comes after whatever came over to them.
  await apiOf(port, other.manager.token).post('/agents', agentBody({ name: 'Theirs' }));
  await eventually('their own is told', () => stranger.told.length > 0);
  expect(stranger.told).toEqual([expect.objectContaining({ name: 'Theirs' })]);
  for (const { client } of [viewer, stranger]) client.disconnect();
});
