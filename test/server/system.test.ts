import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import pino from 'pino';
import { mayObserve } from '../../lib/health/answer';
import { listenForOperations } from '../../lib/health/listener';
import { createShutdown } from '../../lib/shutdown';
import { query } from '../support/postgres';
import { createTestRedis, startRedis } from '../support/redis';
import { ask, serve, type Served } from './serve';

/** As long as a check may take, ms, and then some. */
const CHECK_LIMIT_MS = 1_500;
/** An answer is shown again for 500 ms. */
const pauseForReuse = () => new Promise((resolve) => setTimeout(resolve, 550));

interface Health {
  status: string;
  dependencies: Record<string, { status: string; latencyMs: number }>;
  [figure: string]: unknown;
}
const healthOf = async (url: string, headers: Record<string, string> = {}) => {
  const answer = await ask(url, { headers });
  return { status: answer.status, body: answer.json() as Health };
};

/** The value of a series, undefined where the page has none. */
function valueOf(page: string, series: string): number | undefined {
  const line = page.split('\n').find((candidate) => candidate.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}

/** A widget that has been due for a minute. */
async function insertDueWidget(url: string): Promise<void> {
  const [business, widget] = [randomUUID(), randomUUID()];
  await query(
    url,
    `insert into businesses (id, name) values ('${business}', 'Due')`,
    `insert into widgets (id, business_id, name, type, source)
     values ('${widget}', '${business}', 'Late', 'custom', '{"kind":"static","data":1}')`,
    `insert into widget_schedules (widget_id, business_id) values ('${widget}', '${business}')
     on conflict (widget_id) do nothing`,
    `update widget_schedules set due_at = now() - interval '1 minute' where widget_id = '${widget}'`,
  );
}

describe.each(['postgres', 'redis'] as const)('with the %s broker', (kind) => {
  let redis: { url: string; drop(): Promise<void> } | undefined;
  let served: Served;
  beforeAll(async () => {
    redis = kind === 'redis' ? await createTestRedis() : undefined;
    served = await serve({ REDIS_URL: redis?.url });
  });
  afterAll(async () => {
    await served.close();
    await redis?.drop();
  });

  it('is alive and ready, at the root and below /api/v1', async () => {
    for (const base of [served.url, `${served.url}/api/v1`]) {
      expect((await ask(`${base}/health/live`)).status).toBe(200);
      const ready = await healthOf(`${base}/health/ready`);
      expect(ready.status).toBe(200);
      expect(ready.body).toMatchObject({
        status: 'ok',
        dependencies: { postgres: { status: 'up' }, broker: { status: 'up' } },
      });
      expect(ready.body).not.toHaveProperty('memory');
    }
  });

  it('shows the queues, the backlog and what was counted', async () => {
    await insertDueWidget(served.databaseUrl);
    const { metrics } = served.operations;
    metrics.observeSockets(() => 7);
    metrics.jobEnded('maintenance', 'failed', 20);
    metrics.refreshEnded('http', 'succeeded', 40);
    const added = Date.now();
    for (const minute of ['2026-01-01T00:01', '2026-01-01T00:02']) {
      await served.jobs.enqueue('maintenance', { task: 'trim-history', tick: minute, requestId: 'test' });
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    await ask(`${served.url}/api/v1/widgets/${randomUUID()}`);
    await ask(`${served.url}/nothing/here`);

    const page = (await ask(`${served.url}/metrics`)).text;
    expect(valueOf(page, 'liveboard_queue_jobs{queue="maintenance",state="waiting"}')).toBe(2);
    expect(valueOf(page, 'liveboard_queue_jobs{queue="widget-refresh",state="waiting"}')).toBe(0);
    const oldest = valueOf(page, 'liveboard_queue_oldest_waiting_seconds{queue="maintenance"}') ?? 0;
    // The first of the two, not the second, which is 0.3 s younger.
    expect(oldest).toBeGreaterThan(0.55);
    expect(oldest).toBeLessThanOrEqual((Date.now() - added) / 1000);
    expect(valueOf(page, 'liveboard_due_widgets{lane="scheduled"}')).toBe(1);
    expect(valueOf(page, 'liveboard_due_widgets{lane="interactive"}')).toBe(0);
    expect(valueOf(page, 'liveboard_due_widgets_oldest_seconds{lane="scheduled"}')).toBeGreaterThan(59);
    expect(valueOf(page, 'liveboard_sockets_connected')).toBe(7);
    expect(valueOf(page, 'liveboard_jobs_total{queue="maintenance",outcome="failed"}')).toBe(1);
    expect(valueOf(page, 'liveboard_refreshes_total{source="http",outcome="succeeded"}')).toBe(1);
    expect(valueOf(page, 'liveboard_refresh_duration_seconds_sum{source="http"}')).toBe(0.04);
    expect(valueOf(page, 'liveboard_postgres_pool_connections{state="waiting"}')).toBe(0);
    expect(page).toMatch(/^nodejs_eventloop_lag_p99_seconds /m);
    const requests = 'liveboard_http_request_duration_seconds_count';
    expect(valueOf(page, `${requests}{method="GET",route="/api/v1/widgets/:id",status="401"}`)).toBe(1);
    expect(valueOf(page, `${requests}{method="GET",route="unmatched",status="404"}`)).toBe(1);
    expect(page).not.toContain('nothing/here');
  });
});

describe('a server', () => {
  let served: Served;
  beforeAll(async () => {
    served = await serve();
  });
  afterAll(() => served.close());

  it('gives its figures to this machine only, and not through a proxy', async () => {
    const report = (await healthOf(`${served.url}/health`)).body;
    expect(report).toMatchObject({
      status: 'ok',
      version: '0.1.0',
      sockets: 0,
      load: { one: expect.any(Number), five: expect.any(Number), fifteen: expect.any(Number) },
      memory: { rssBytes: expect.any(Number), systemUsedPercent: expect.any(Number) },
      eventLoop: { p50Ms: expect.any(Number), p99Ms: expect.any(Number) },
      process: { pid: process.pid },
    });
    for (const header of ['X-Forwarded-For', 'Forwarded', 'X-Real-IP', 'Via', 'X-Forwarded-Host']) {
      const { status, body } = await healthOf(`${served.url}/health`, { [header]: '127.0.0.1' });
      expect(status).toBe(200);
      expect(Object.keys(body).sort()).toEqual(['dependencies', 'status', 'uptimeSeconds']);
      expect((await ask(`${served.url}/metrics`, { headers: { [header]: '127.0.0.1' } })).status).toBe(403);
    }
  });

  it('is not ready while Postgres gives it no connection, and says so in time', async () => {
    await pauseForReuse();
    const held = await Promise.all(Array.from({ length: 4 }, () => served.db.acquire()));
    const startedAt = Date.now();
    const { status, body } = await healthOf(`${served.url}/health/ready`);
    expect(Date.now() - startedAt).toBeLessThan(CHECK_LIMIT_MS);
    expect(status).toBe(503);
    expect(body).toMatchObject({
      status: 'down',
      dependencies: { postgres: { status: 'down' }, broker: { status: 'up' } },
    });
    expect((await ask(`${served.url}/health/live`)).status).toBe(200);
    await Promise.all(held.map((client) => served.db.release(client)));
    await pauseForReuse();
    expect((await ask(`${served.url}/health/ready`)).status).toBe(200);
  });

  it('asks a dependency twice a second, however many ask about it', async () => {
    await pauseForReuse();
    const acquire = jest.spyOn(served.db, 'acquire');
    await Promise.all(Array.from({ length: 20 }, () => ask(`${served.url}/health/ready`)));
    expect(acquire).toHaveBeenCalledTimes(1);
    acquire.mockRestore();
  });

  it('is not ready, but alive, once a shutdown has begun', async () => {
    served.operations.health.stopping();
    expect(await healthOf(`${served.url}/health/ready`)).toMatchObject({
      status: 503,
      body: { status: 'stopping' },
    });
    expect((await ask(`${served.url}/health/live`)).status).toBe(200);
  });
});

it('knows this machine by every address it has for itself', () => {
  const from = (remoteAddress: string) =>
    mayObserve({ headers: {}, socket: { remoteAddress } } as unknown as IncomingMessage, undefined);
  for (const address of ['127.0.0.1', '127.1.2.3', '::1', '::ffff:127.0.0.1'])
    expect(from(address)).toBe(true);
  for (const address of ['10.0.0.1', '128.0.0.1', '::ffff:192.168.0.5', '::2', 'fe80::1', '']) {
    expect(from(address)).toBe(false);
  }
});

it('demands the token for figures where one is set, from this machine, too', async () => {
  const served = await serve({ METRICS_TOKEN: 'the-scraper' });
  const metrics = (authorization?: string) =>
    ask(`${served.url}/metrics`, { headers: authorization ? { Authorization: authorization } : {} });
  expect((await metrics()).status).toBe(403);
  expect((await metrics('Bearer the-scrape')).status).toBe(403);
  expect((await metrics('Basic the-scraper')).status).toBe(403);
  expect((await metrics('Bearer the-scraper')).status).toBe(200);
  const proxied = { Authorization: 'Bearer the-scraper', 'X-Forwarded-For': '203.0.113.9' };
  expect((await ask(`${served.url}/metrics`, { headers: proxied })).status).toBe(200);
  expect((await healthOf(`${served.url}/health`)).body).not.toHaveProperty('memory');
  await served.close();
});

it('says that Redis is away, is scraped all the same, and sees it come back', async () => {
  const redis = await startRedis();
  const served = await serve({ REDIS_URL: redis.url });
  expect((await ask(`${served.url}/metrics`)).text).toMatch(/^liveboard_queue_jobs\{/m);
  // A reading is shown again for 2 s.
  await new Promise((resolve) => setTimeout(resolve, 2_050));
  // Frozen, not gone: the connection stays open and nothing answers.
  process.kill(redis.pid, 'SIGSTOP');
  const { status, body } = await healthOf(`${served.url}/health/ready`);
  expect(status).toBe(503);
  expect(body.dependencies).toMatchObject({ postgres: { status: 'up' }, broker: { status: 'down' } });
  const page = (await ask(`${served.url}/metrics`)).text;
  expect(page).not.toMatch(/^liveboard_queue_jobs\{/m);
  expect(valueOf(page, 'liveboard_scrape_failures_total{collector="queues"}')).toBe(1);
  expect(valueOf(page, 'liveboard_due_widgets{lane="scheduled"}')).toBe(0);
  process.kill(redis.pid, 'SIGCONT');
  await pauseForReuse();
  expect((await ask(`${served.url}/health/ready`)).status).toBe(200);
  expect((await ask(`${served.url}/metrics`)).text).toMatch(/^liveboard_queue_jobs\{/m);
  await served.close();
  await redis.stop();
});

it('answers in a worker’s process until its last work is done', async () => {
  const served = await serve();
  const logger = pino({ level: 'silent' });
  const shutdown = createShutdown(logger);
  const options = { host: '127.0.0.1', token: undefined, logger, shutdown };
  const port = await listenForOperations(served.operations, { port: 0, ...options });
  const url = `http://127.0.0.1:${port}`;
  expect((await ask(`${url}/health/ready`)).status).toBe(200);
  expect((await ask(`${url}/metrics`)).text).toContain('liveboard_queue_jobs');
  expect((await ask(`${url}/health?verbose`)).json()).toHaveProperty('memory');
  expect((await ask(`${url}/other`)).status).toBe(404);
  expect((await ask(`${url}/health`, { method: 'POST' })).status).toBe(405);
  await expect(listenForOperations(served.operations, { port, ...options })).rejects.toThrow(
    /WORKER_METRICS_PORT .* EADDRINUSE/,
  );

  let whileWorking: number | undefined;
  shutdown.on('work', 'the last job', async () => {
    whileWorking = (await ask(`${url}/health/ready`)).status;
  });
  expect(await shutdown.run('test')).toBe(true);
  expect(whileWorking).toBe(503);
  await expect(ask(`${url}/health/live`)).rejects.toThrow('fetch failed');
  await served.close();
});
