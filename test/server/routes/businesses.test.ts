import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createSocketServer } from '../../../server/sockets';
import { createTenant, type Person, type Tenant } from '../../factories/tenant';
import { query } from '../../support/postgres';
import { apiOf, detailPaths, type ApiAnswer } from '../http/api';
import { JWT_SECRET, serve, type Served } from '../serve';
import { ask, connected, next, open, type Refusal } from '../sockets/node';

let served: Served;
let tenant: Tenant;
let port: number;
let close: () => Promise<void>;
beforeAll(async () => {
  served = await serve();
  const http = createServer();
  const sockets = await createSocketServer(http, served.context);
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  ({ port } = http.address() as AddressInfo);
  close = async () => {
    await sockets.close();
    await new Promise((resolve) => http.close(resolve));
    await served.close();
  };
});
beforeEach(async () => {
  tenant = await createTenant(making());
});
afterAll(() => close());

const making = () => ({ db: served.db, secrets: [JWT_SECRET] });
const api = ({ token }: Person) => apiOf(served.port, token);
const told = ({ status, body }: ApiAnswer) => [status, body?.error?.code];
const sql = (text: string) => query(served.databaseUrl, text);

const SETTINGS = {
  name: 'A business',
  timezone: 'UTC',
  locale: 'en',
  conversationRetentionDays: 90,
  chatLimits: { perMinute: 10, perHour: 100, perDay: 500 },
};

it('are listed with one’s role in each; a new one is one’s own', async () => {
  const { viewer } = tenant;
  const body = { name: 'Mine', timezone: 'Asia/Kolkata' };
  const post = () => api(viewer).post('/businesses', body, { 'Idempotency-Key': 'once' });
  const made = await post();
  expect([made.status, made.body.data]).toEqual([
    201,
    { id: expect.any(String), ...body, locale: 'en', role: 'admin' },
  ]);
  expect((await post()).body.data).toEqual(made.body.data);
  const mine = (await api(viewer).get('/businesses')).body.data as { id: string; role: string }[];
  expect(mine.map(({ role }) => role)).toEqual(['viewer', 'admin']);
  const { id } = made.body.data as { id: string };
  const switched = await api(viewer).post('/auth/switch-business', { businessId: id });
  const { tokens } = switched.body.data as { tokens: { accessToken: string } };
  const members = await apiOf(served.port, tokens.accessToken).get('/business/members');
  expect(members.body.data).toEqual([expect.objectContaining({ userId: viewer.userId, role: 'admin' })]);
  // It is in the log of the new one, not of the one they were in.
  expect(await sql(`select business_id as id from audit_events where action = 'business.created'`)).toEqual([
    { id },
  ]);
});

it('need a verified address to make, a time zone and a language that exist', async () => {
  const unknown = { name: 'X', timezone: 'Mars/Olympus', locale: 'no such language' };
  expect(detailPaths(await api(tenant.viewer).post('/businesses', unknown)).sort()).toEqual([
    'locale',
    'timezone',
  ]);
  const unverified = await createTenant(making());
  await sql(`update users set email_verified_at = null where id = '${unverified.viewer.userId}'`);
  expect(told(await api(unverified.viewer).post('/businesses', { name: 'X' }))).toEqual([
    403,
    'email_unverified',
  ]);
  expect((await api(unverified.viewer).get('/businesses')).status).toBe(200);
});

it('are changed by an admin, for everyone at once and after a break', async () => {
  const { admin, viewer } = tenant;
  const client = open(port, { auth: { token: viewer.token } });
  await connected(client);
  const { cursor } = await ask(client, 'sync');
  const changed = next(client, 'business.changed');
  const body = { name: 'New', conversationRetentionDays: 7, chatLimits: { perMinute: 2 } };
  const answer = await api(admin).patch('/business', body);
  const expected = {
    ...SETTINGS,
    ...body,
    chatLimits: { ...SETTINGS.chatLimits, perMinute: 2 },
    id: tenant.businessId,
    version: 2,
  };
  expect(answer.body.data).toEqual({ ...expected, role: 'admin' });
  expect(await changed).toEqual({
    ...expected,
    businessId: tenant.businessId,
    ts: expect.any(String),
    requestId: answer.headers['x-request-id'],
  });
  const synced = await ask(client, 'sync', { cursor });
  // And whatever else was written while a transaction of another test was open.
  expect(synced.changes).toContainEqual({ kind: 'business', row: expected });
  client.disconnect();
  expect((await api(viewer).get('/business')).body.data).toEqual({ ...expected, role: 'viewer' });
  const limits = (await api(viewer).get('/rate-limit')).body.data as { name: string; limit: number }[];
  expect(limits.filter(({ name }) => name === 'chat').map(({ limit }) => limit)).toEqual([2, 100, 500]);
});

it('are guarded against overwriting', async () => {
  const { admin } = tenant;
  const read = await api(admin).get('/business');
  const etag = read.headers.etag as string;
  expect((await api(admin).patch('/business', { name: 'First' }, { 'If-Match': etag })).status).toBe(200);
  const late = await api(admin).patch('/business', { name: 'Second' }, { 'If-Match': etag });
  expect(told(late)).toEqual([412, 'version_conflict']);
  expect((await api(admin).get('/business')).body.data).toMatchObject({ name: 'First' });
});

it('have bounds', async () => {
  const { admin } = tenant;
  for (const [body, path] of [
    [{}, 'body'],
    [{ name: ' ' }, 'name'],
    [{ timezone: 'Nowhere/Else' }, 'timezone'],
    [{ conversationRetentionDays: 0 }, 'conversationRetentionDays'],
    [{ conversationRetentionDays: 3651 }, 'conversationRetentionDays'],
    [{ chatLimits: { perDay: 0 } }, 'chatLimits.perDay'],
    [{ name: 'X', scheduleWeight: 100 }, 'scheduleWeight'],
  ] as const) {
    const answer = await api(admin).patch('/business', body);
    expect([answer.status, detailPaths(answer)]).toEqual([400, [path]]);
  }
  expect((await api(admin).get('/business')).body.data).toMatchObject(SETTINGS);
});

it('open no socket to an API key, and say so', async () => {
  const made = await api(tenant.admin).post('/api-keys', { name: 'A key', scopes: ['widgets:read'] });
  const { key } = made.body.data as { key: string };
  const client = open(port, { auth: { token: key } });
  const refusal = await connected(client).then(
    () => undefined,
    (error: Refusal) => error.data,
  );
  expect(refusal).toEqual({ code: 'api_key_refused', message: expect.stringContaining('Log in') });
});
