import { randomUUID } from 'node:crypto';
import type { Route } from '../../../server/http/route';
import { apiRoutes } from '../../../server/routes';
import { createTenant, type Tenant } from '../../factories/tenant';
import { JWT_SECRET, serve, type Served } from '../serve';
import { call, type ApiAnswer } from './api';
import { pathOf } from './expect-refusal';
import { sampleOf } from './sample';

const FRIEND = 'https://app.friend.example';

let served: Served;
let tenant: Tenant;
let routes: Route[];
beforeAll(async () => {
  served = await serve({
    ENCRYPTION_KEYS: 'a key of the tests',
    CORS_ORIGINS: `${FRIEND}, https://second.friend.example`,
    PUBLIC_URL: 'https://api.liveboard.example',
  });
  tenant = await createTenant({ db: served.db, secrets: [JWT_SECRET] });
  routes = apiRoutes(served.context);
});
afterAll(() => served.close());

const nameOf = (route: Route) => `${route.method} ${route.path}`;
const send = (route: Route, token?: string, headers: Record<string, string> = {}) =>
  call(served.port, {
    method: route.method,
    path: pathOf(route, randomUUID()),
    token,
    headers,
    ...(route.body && { json: sampleOf(route.body) }),
  });

/** What every answer of the API has, however it went. */
function expectGuarded(what: string, { headers, status }: ApiAnswer): void {
  const cache = headers['cache-control'];
  expect({
    what,
    status,
    // Only what succeeded may be kept at all, by its reader, and is asked for again each time.
    mayBeKept: !(cache === 'private, no-store' || (status < 400 && cache === 'private, no-cache')),
    sniff: headers['x-content-type-options'],
    referrer: headers['referrer-policy'],
    policy: headers['content-security-policy'],
    transport: headers['strict-transport-security'],
    poweredBy: headers['x-powered-by'],
    server: headers.server,
    vary: headers.vary,
    requestId: typeof headers['x-request-id'],
  }).toEqual({
    what,
    status,
    mayBeKept: false,
    sniff: 'nosniff',
    referrer: 'no-referrer',
    policy: "default-src 'none';frame-ancestors 'none'",
    transport: 'max-age=31536000; includeSubDomains',
    poweredBy: undefined,
    server: undefined,
    vary: expect.stringMatching(/\bOrigin\b/),
    requestId: 'string',
  });
}

describe('every route of the API', () => {
  const leftOut = new Set([
    // These end the session that the others need,
    'post /auth/logout',
    'post /auth/logout-all',
    'post /auth/change-password',
    'post /auth/reset-password',
    // and these wait for a worker.
    'post /chat',
    'post /widgets/preview',
  ]);
  const isStream = (route: Route) => route.streams === true;

  it('says that its answer is nobody else’s to keep, where it is refused', async () => {
    expect(routes.length).toBeGreaterThan(60);
    for (const route of routes.filter(({ access }) => !('public' in access))) {
      const answer = await send(route);
      expect([nameOf(route), answer.status]).toEqual([nameOf(route), 401]);
      expectGuarded(nameOf(route), answer);
    }
  });

  it('and where it answers an admin', async () => {
    const asked = routes.filter((each) => !leftOut.has(nameOf(each)) && !isStream(each));
    expect(asked.length).toBeGreaterThan(50);
    for (const route of asked) expectGuarded(nameOf(route), await send(route, tenant.admin.token));
  });

  it('and where there is none, or the body is wrong', async () => {
    const wrong = [
      { method: 'get', path: '/api/v1/nothing' },
      { method: 'put', path: '/api/v1/widgets' },
      { method: 'post', path: '/api/v1/auth/login', body: '{' },
      { method: 'post', path: '/api/v1/auth/login', body: 'x'.repeat(102_401) },
      { method: 'get', path: '/api/v1/%ff' },
    ];
    for (const request of wrong) {
      const answer = await call(served.port, request);
      expect([request.path, answer.status >= 400]).toEqual([request.path, true]);
      expectGuarded(request.path, answer);
    }
  });
});

describe('another origin', () => {
  const preflight = (origin: string) =>
    call(served.port, {
      method: 'options',
      path: '/api/v1/widgets',
      headers: {
        Origin: origin,
        'Access-Control-Request-Method': 'PATCH',
        'Access-Control-Request-Headers': 'authorization,if-match',
      },
    });
  const corsOf = ({ headers }: ApiAnswer) =>
    Object.keys(headers).filter((name) => name.startsWith('access-control-'));

  it('that is configured may ask, with credentials, and see our headers', async () => {
    const asked = await preflight(FRIEND);
    expect(asked.status).toBe(204);
    expect(asked.headers).toMatchObject({
      'access-control-allow-origin': FRIEND,
      'access-control-allow-credentials': 'true',
      'access-control-allow-methods': expect.stringContaining('PATCH'),
      'access-control-allow-headers': 'authorization,if-match',
      'access-control-max-age': '600',
    });
    for (const token of [tenant.admin.token, 'wrong']) {
      const { headers } = await call(served.port, {
        method: 'get',
        path: '/api/v1/widgets',
        token,
        headers: { Origin: FRIEND },
      });
      expect(headers).toMatchObject({
        'access-control-allow-origin': FRIEND,
        'access-control-allow-credentials': 'true',
        'access-control-expose-headers': expect.stringContaining('RateLimit-Remaining'),
        vary: expect.stringContaining('Origin'),
      });
    }
  });

  it.each([
    'https://evil.example',
    'null',
    'https://app.friend.example.evil.example',
    'http://app.friend.example',
    'https://APP.friend.example',
    'https://app.friend.example:8443',
    `${FRIEND}, https://evil.example`,
  ])('that is not gets nothing: %s', async (origin) => {
    expect(corsOf(await preflight(origin))).toEqual([]);
    const answer = await call(served.port, {
      method: 'get',
      path: '/api/v1/widgets',
      token: tenant.admin.token,
      headers: { Origin: origin },
    });
    expect(corsOf(answer)).toEqual([]);
    expect(answer.headers.vary).toContain('Origin');
  });

  it('gets nothing of pages, the board least of all', async () => {
    for (const path of ['/admin/queues', '/admin/queues/login', '/docs', '/redoc']) {
      expect(corsOf(await call(served.port, { method: 'get', path, headers: { Origin: FRIEND } }))).toEqual(
        [],
      );
    }
  });
});

it('tells browsers to insist on https only where people reach us by it', async () => {
  const plain = await serve();
  const secure = (port: number, path: string) =>
    call(port, { method: 'get', path }).then(({ headers }) => headers['strict-transport-security']);
  for (const path of ['/api/v1/widgets', '/docs', '/admin/queues/login', '/account/verify-email', '/none']) {
    expect([path, await secure(plain.port, path)]).toEqual([path, undefined]);
    expect([path, await secure(served.port, path)]).toEqual([path, 'max-age=31536000; includeSubDomains']);
  }
  await plain.close();
});

it('lets a page run no script but its own file, nor be framed', async () => {
  const pages = [
    '/docs',
    '/docs/realtime',
    '/redoc',
    '/admin/queues/login',
    '/account/verify-email',
    '/none',
  ];
  for (const path of pages) {
    const { headers } = await call(served.port, { method: 'get', path });
    const policy = String(headers['content-security-policy']);
    const scripts = /script-src ([^;]*)/.exec(policy)?.[1];
    // Where there is no page, there is no script.
    expect([path, scripts]).toEqual([path, path === '/none' ? undefined : "'self'"]);
    expect([path, policy.includes('unsafe-')]).toEqual([path, false]);
    expect([path, policy.startsWith("default-src 'none'")]).toEqual([path, true]);
    expect([path, policy.includes('frame-ancestors')]).toEqual([path, true]);
    expect([path, headers['x-content-type-options']]).toEqual([path, 'nosniff']);
    expect([path, headers['x-powered-by']]).toEqual([path, undefined]);
  }
  const nowhere = await call(served.port, { method: 'get', path: '/none' });
  expect(nowhere.headers['content-security-policy']).toBe("default-src 'none';frame-ancestors 'none'");
});
