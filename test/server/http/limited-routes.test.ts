import { randomUUID } from 'node:crypto';
import { apiRoutes } from '../../../server/routes';
import { eventually } from '../../support/eventually';
import { createTestDatabase } from '../../support/postgres';
import { startRedis, type TestRedis } from '../../support/redis';
import { spawnApp, type App } from '../../support/app';
import { JWT_SECRET, serve } from '../serve';
import { call } from './api';

it('limits whatever a stranger may try, but for links and tokens that can’t be guessed', async () => {
  const served = await serve();
  const open = apiRoutes(served.context).filter(({ access }) => 'public' in access);
  const limited = Object.fromEntries(
    open.map(({ method, path, limits }) => [`${method} ${path}`, limits?.join() ?? 'none']),
  );
  await served.close();
  expect(limited).toMatchObject({
    'post /auth/login': 'login',
    'post /auth/register': 'register',
    'post /auth/forgot-password': 'mailRequest,passwordReset',
    // By address, too, which it finds itself.
    'post /auth/resend-verification': 'mailRequest',
    'post /auth/2fa/verify': 'login',
  });
  const unlimited = Object.keys(limited).filter((name) => limited[name] === 'none');
  expect(unlimited.sort()).toEqual([
    'post /auth/refresh',
    'post /auth/reset-password',
    'post /auth/verify-email',
  ]);
});

describe('two server processes', () => {
  let redis: TestRedis;
  let database: { url: string; drop(): Promise<void> };
  let apps: App[];
  let ports: number[];
  beforeAll(async () => {
    [redis, database] = await Promise.all([startRedis(), createTestDatabase()]);
    apps = [0, 1].map(() =>
      spawnApp('server', {
        DATABASE_URL: database.url,
        REDIS_URL: redis.url,
        JWT_SECRET,
        ENCRYPTION_KEYS: JWT_SECRET,
        PUBLIC_URL: 'http://127.0.0.1',
        HOST: '127.0.0.1',
        PORT: '0',
        LOG_LEVEL: 'info',
      }),
    );
    const lines = await Promise.all(apps.map((app) => app.waitForLine(/server ready/)));
    ports = lines.map((line) => (JSON.parse(line) as { port: number }).port);
  });
  afterAll(async () => {
    await Promise.all(apps.map((app) => app.kill('SIGTERM')));
    await redis.stop();
    await database.drop();
  });

  it('let one network try to log in ten times together, by their own defaults', async () => {
    const statuses: number[] = [];
    for (let nth = 0; nth < 14; nth += 1) {
      const { status, headers } = await call(ports[nth % 2] ?? 0, {
        method: 'post',
        path: '/api/v1/auth/login',
        json: { email: `${randomUUID()}@example.test`, password: 'a wrong password' },
      });
      statuses.push(status);
      expect([nth, headers['ratelimit-limit']]).toEqual([nth, nth < 10 ? undefined : '10']);
    }
    expect(statuses.filter((status) => status === 401)).toHaveLength(10);
    expect(statuses.slice(10)).toEqual([429, 429, 429, 429]);
  });

  it('let one person send three hundred requests together, and all through while Redis is away', async () => {
    const email = `${randomUUID()}@example.test`;
    const registered = await call(ports[0] ?? 0, {
      method: 'post',
      path: '/api/v1/auth/register',
      json: {
        email,
        password: `a long password ${randomUUID()}`,
        name: 'Somebody',
        businessName: 'Some business',
      },
    });
    const { tokens } = registered.body.data as unknown as { tokens: { accessToken: string } };
    const read = (port: number, token = tokens.accessToken) =>
      call(port, { method: 'get', path: '/api/v1/widgets', token }).then(({ status }) => status);
    // 240 at each: no process alone would refuse any.
    const passed = { 200: 0, 429: 0 };
    for (let nth = 0; nth < 60; nth += 1) {
      const statuses = await Promise.all([...ports, ...ports, ...ports, ...ports].map((port) => read(port)));
      for (const status of statuses) passed[status as 200 | 429] += 1;
    }
    // What one lets through before it hears of the other's comes on top.
    expect(passed[200]).toBeGreaterThanOrEqual(300);
    expect(passed[200] + passed[429]).toBe(480);
    for (const port of ports) await eventually('a refusal', async () => (await read(port)) === 429);

    await redis.kill('SIGKILL');
    const another = await call(ports[1] ?? 0, {
      method: 'post',
      path: '/api/v1/auth/register',
      json: {
        email: `${randomUUID()}@example.test`,
        password: `a long password ${randomUUID()}`,
        name: 'B',
        businessName: 'B',
      },
    });
    expect(another.status).toBe(201);
    const { tokens: theirs } = another.body.data as unknown as { tokens: { accessToken: string } };
    for (const port of ports) expect(await read(port, theirs.accessToken)).toBe(200);
  });
});
