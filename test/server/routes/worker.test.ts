import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import pino from 'pino';
import type { Route } from '../../../server/http/route';
import { apiRoutes } from '../../../server/routes';
import { seal, unseal } from '../../../lib/secrets';
import { createShutdown, type Shutdown } from '../../../lib/shutdown';
import { startWorkers } from '../../../workers/app';
import { httpConnectionBody, widgetBody } from '../../factories/bodies';
import { createTenant, type Tenant } from '../../factories/tenant';
import { eventually } from '../../support/eventually';
import { query } from '../../support/postgres';
import { apiOf, call, type Api, type ApiAnswer } from '../http/api';
import { contentsOf } from '../http/contents';
import { pathOf } from '../http/expect-refusal';
import { sampleOf } from '../http/sample';
import { JWT_SECRET, serve, type Served } from '../serve';
import { createThing } from './things';

const [NEW_KEY, OLD_KEY] = ['the newest key of the tests', 'an older key of the tests'] as const;
const PLANTED = 'planted-secret-7c1f2e';

interface Outcome {
  ok: boolean;
  data?: unknown;
  error: { code: string; message: string } | null;
}

let served: Served;
let tenant: Tenant;
let api: Api;
let shutdown: Shutdown;
/** Someone else's server, and what it was asked. */
let source: Server;
let asked: IncomingMessage[];
let baseUrl: string;

beforeAll(async () => {
  source = createServer((request, response) => {
    asked.push(request);
    const isIn = request.headers['x-key'] === PLANTED;
    response.writeHead(isIn ? 200 : 401, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify(isIn ? { total: 42 } : { yourKey: request.headers['x-key'] }));
  });
  await new Promise<void>((resolve) => source.listen(0, '127.0.0.1', resolve));
  const { port } = source.address() as AddressInfo;
  baseUrl = `http://127.0.0.1:${port}/`;
  process.env.ALLOW_PRIVATE_HOSTS = `127.0.0.1:${port}`;
  served = await serve({ ENCRYPTION_KEYS: `${NEW_KEY},${OLD_KEY}` });
  tenant = await createTenant({ db: served.db, secrets: [JWT_SECRET] });
  api = apiOf(served.port, tenant.manager.token);
  shutdown = createShutdown(pino({ level: 'silent' }));
  await startWorkers({ ...served.context, shutdown });
});
beforeEach(() => {
  asked = [];
});
afterAll(async () => {
  await shutdown.run('the tests are done');
  await served.close();
  source.closeAllConnections();
  await new Promise((resolve) => source.close(resolve));
});

const connection = (key = PLANTED) =>
  createThing(
    served.port,
    tenant.manager,
    '/connections',
    httpConnectionBody({ config: { baseUrl }, secret: { headers: { 'X-Key': key } } }),
  );
const outcomeOf = (answer: ApiAnswer): Outcome => {
  expect([answer.status, answer.text]).toEqual([200, answer.text]);
  return answer.body.data;
};
const preview = async (previewed: object) =>
  outcomeOf(await api.post('/widgets/preview', { source: previewed }));
const test = async (id: string) => outcomeOf(await api.post(`/connections/${id}/test`));

/** The businesses' tables: the workers' own upkeep goes on meanwhile. */
async function stored(): Promise<Record<string, string>> {
  const contents = Object.entries(await contentsOf(served.databaseUrl));
  return Object.fromEntries(
    contents.filter(([name]) => !/bullmq|worker_nodes|refresh_sweeps|business_turns/.test(name)),
  );
}

it('previews a source by a worker, and stores nothing', async () => {
  const connectionId = await connection();
  const before = await stored();
  expect(await preview({ kind: 'static', data: { a: [1] } })).toMatchObject({
    ok: true,
    data: { a: [1] },
    error: null,
  });
  expect(await preview({ kind: 'http', connectionId, select: 'total' })).toMatchObject({
    ok: true,
    data: 42,
  });
  expect(asked).toHaveLength(1);
  const refused = await preview({ kind: 'http', url: baseUrl, headers: { 'X-Key': 'wrong' } });
  expect(refused).toMatchObject({ ok: false, data: null, error: { code: expect.stringMatching(/\S/) } });
  const forbidden = await preview({ kind: 'http', url: 'http://127.0.0.1:1/' });
  expect(forbidden).toMatchObject({ ok: false, error: { message: expect.stringMatching(/\S/) } });
  expect(await stored()).toEqual(before);
});

it('tests a connection by a worker, and stores nothing', async () => {
  const [good, bad] = [await connection(), await connection('another key')];
  const before = await stored();
  expect(await test(good)).toMatchObject({ ok: true, latencyMs: expect.any(Number), error: null });
  expect(asked[0]?.headers['x-key']).toBe(PLANTED);
  expect(await test(bad)).toMatchObject({
    ok: false,
    latencyMs: null,
    error: { message: expect.stringMatching(/\S/) },
  });
  expect(await stored()).toEqual(before);
});

const ENDS_THE_SESSION = new Set(['/auth/logout', '/auth/logout-all']);

it('never shows a secret again, on any route', async () => {
  const id = await connection();
  const widgetId = await createThing(
    served.port,
    tenant.manager,
    '/widgets',
    widgetBody({ source: { kind: 'http', connectionId: id } }),
  );
  await eventually('the widget was refreshed with it', async () => {
    const { data } = (await api.get(`/widgets/${widgetId}/data`)).body.data as { data: unknown };
    return data !== null;
  });
  const texts: string[] = [];
  for (const route of apiRoutes(served.context).filter((candidate) => !('public' in candidate.access))) {
    if (ENDS_THE_SESSION.has(route.path) || route.method === 'delete') continue;
    const answer = await call(served.port, {
      method: route.method,
      path: pathOf(route, route.path.startsWith('/connections') ? id : widgetId),
      token: tenant.manager.token,
      ...(bodyFor(route) as object),
    });
    texts.push(answer.text);
  }
  texts.push((await api.patch(`/connections/${id}`, { secret: { headers: { 'X-Key': PLANTED } } })).text);
  texts.push(
    (await api.patch(`/connections/${id}`, { secret: { headers: { 'X-Key': `${PLANTED}\n` } } })).text,
  );
  texts.push(
    (await api.post('/connections', httpConnectionBody({ secret: { headers: { 'X-Key': PLANTED } } }))).text,
  );
  texts.push((await api.post('/connections', httpConnectionBody({ secret: { password: PLANTED } }))).text);
  expect(texts.length).toBeGreaterThan(20);
  expect(texts.filter((text) => text.includes(PLANTED))).toEqual([]);
  const rows = await query(served.databaseUrl, 'select * from connections');
  expect(JSON.stringify(rows)).not.toContain(PLANTED);
  for (const { secret } of rows) expect(texts.filter((text) => text.includes(String(secret)))).toEqual([]);
  const jobs = await served.jobs.queues['widget-refresh'].getJobs();
  expect(JSON.stringify(jobs.map(({ data, returnvalue }) => [data, returnvalue]))).not.toContain(PLANTED);
});
const bodyFor = ({ body }: Route) => (body ? { json: sampleOf(body) } : {});

describe('encryption keys that change', () => {
  const resealed = (id: string, key: string, context = id) => {
    const secret = seal(JSON.stringify({ headers: { 'X-Key': PLANTED } }), [key], `connection:${context}`);
    return query(served.databaseUrl, `update connections set secret = '${secret}' where id = '${id}'`);
  };

  it('open what an older one sealed, and seal with the newest', async () => {
    const id = await connection();
    await resealed(id, OLD_KEY);
    expect(await test(id)).toMatchObject({ ok: true });
    await api.patch(`/connections/${id}`, { secret: { headers: { 'X-Key': PLANTED } } });
    const [row] = await query(served.databaseUrl, `select secret from connections where id = '${id}'`);
    expect(() => unseal(String(row?.secret), [OLD_KEY], `connection:${id}`)).toThrow(
      'None of the encryption keys',
    );
    expect(unseal(String(row?.secret), [NEW_KEY], `connection:${id}`)).toContain(PLANTED);
    expect(await test(id)).toMatchObject({ ok: true });
  });

  it('say so where the one it was sealed with is gone, or where it was copied from another', async () => {
    const id = await connection();
    await resealed(id, 'a key that was removed');
    expect(await test(id)).toMatchObject({ ok: false, error: { code: 'secret_unreadable' } });
    await resealed(id, NEW_KEY, await connection());
    expect(await test(id)).toMatchObject({ ok: false, error: { code: 'secret_unreadable' } });
    expect(asked).toEqual([]);
  });
});
