import { randomUUID } from 'node:crypto';
import type { Route } from '../../../server/http/route';
import { apiRoutes } from '../../../server/routes';
import { createTenant, type Tenant } from '../../factories/tenant';
import { JWT_SECRET, serve, type Served } from '../serve';
import { apiOf, call, detailPaths, type Call } from './api';
import { contentsOf } from './contents';
import { expectRefusal, pathOf } from './expect-refusal';
import { fieldsOf, sampleOf } from './sample';

let served: Served;
let tenant: Tenant;
let routes: Route[];
let before: Record<string, string>;

beforeAll(async () => {
  served = await serve({ ENCRYPTION_KEYS: 'a key of the tests' });
  tenant = await createTenant({ db: served.db, secrets: [JWT_SECRET] });
  routes = apiRoutes(served.context);
  // The one read that writes: preferences are made on the first.
  await apiOf(served.port, tenant.admin.token).get('/preferences');
  before = await contentsOf(served.databaseUrl);
});
afterAll(() => served.close());

/** As an admin, with a body that is fine, to an address that is fine but for what the test makes of it. */
const send = (route: Route, request: Partial<Call> = {}) =>
  call(served.port, {
    method: route.method,
    path: pathOf(route, randomUUID()),
    token: tenant.admin.token,
    ...(route.body && { json: sampleOf(route.body) }),
    ...request,
  });
const nameOf = (route: Route) => `${route.method} ${route.path}`;
const asked = (route: Route, query: string) => ({ path: `${pathOf(route, randomUUID())}?${query}` });

describe('the query', () => {
  it('holds nothing that the route does not know', async () => {
    for (const route of routes) {
      const answer = await send(route, asked(route, 'nope=1&__proto__=1&constructor=2'));
      expectRefusal(nameOf(route), answer, [400]);
      expect(detailPaths(answer)).toEqual(['nope', '__proto__', 'constructor']);
    }
  });

  it('holds each thing once, and no U+0000', async () => {
    let tried = 0;
    for (const route of routes.filter(({ query }) => query)) {
      for (const field of fieldsOf(route.query as NonNullable<Route['query']>)) {
        for (const query of [`${field}=1&${field}=1`, `${field}=%00`, `${field}[]=1`]) {
          const answer = await send(route, asked(route, query));
          expectRefusal(`${nameOf(route)}?${query}`, answer, [400]);
          expect(detailPaths(answer)[0]).toContain(field);
          tried += 1;
        }
      }
    }
    expect(tried).toBeGreaterThan(30);
  });

  it('sorts only by what is offered, and turns only pages that there can be', async () => {
    const lists = routes.filter(({ query }) => query && fieldsOf(query).includes('sort'));
    expect(lists.map(({ path }) => path)).toEqual(expect.arrayContaining(['/widgets', '/dashboards']));
    const sorts = [
      'secret',
      'passwordHash',
      'name;drop table widgets',
      'name desc nulls first',
      '',
      '--name',
    ];
    const pages = ['0', '-1', '1.5', '100001', '9'.repeat(400), '1e99', 'NaN', 'Infinity', 'one', ''];
    const bad = [
      ...sorts.map((sort) => ['sort', sort]),
      ...pages.map((page) => ['page', page]),
      ...['0', '101', '1e9'].map((size) => ['pageSize', size]),
      ['search', 'x'.repeat(201)],
    ] as const;
    for (const route of lists) {
      for (const [field = '', value = ''] of bad) {
        const answer = await send(route, asked(route, `${field}=${encodeURIComponent(value)}`));
        expectRefusal(`${nameOf(route)} ${field}=${value}`, answer, [400]);
        expect(new Set(detailPaths(answer))).toEqual(new Set([field]));
      }
    }
  });

  it('may be garbage', async () => {
    expect.hasAssertions();
    for (const route of routes) {
      for (const query of ['%', '%E0%A4%A', '&&=&', '=', `a=${'%'.repeat(500)}`, '?'.repeat(100)]) {
        const answer = await send(route, asked(route, `${query}&nope=1`));
        expectRefusal(`${nameOf(route)}?${query}`, answer, [400]);
      }
    }
  });
});

describe('the path', () => {
  const withId = () => routes.filter(({ path }) => path.includes(':'));

  it('holds a UUID where it holds an id', async () => {
    expect(withId().length).toBeGreaterThan(10);
    const ids = [
      '1',
      'x',
      'null',
      '%00',
      randomUUID().slice(1),
      `${randomUUID()}0`,
      "'or'1'='1",
      '..%2f..%2fx',
    ];
    for (const route of withId()) {
      for (const id of [...ids, '%ff%fe', '\u0130'.replace(/./u, '%C4%B0'), 'x'.repeat(4_000)]) {
        const answer = await send(route, { path: pathOf(route, id) });
        expectRefusal(`${nameOf(route)} ${id}`, answer, [400]);
        expect(detailPaths(answer)).toEqual(['id']);
      }
    }
  });

  it('may be garbage', async () => {
    expect.hasAssertions();
    for (const route of withId()) {
      for (const id of ['%', '%E0%A4%A', '%zz', '%2', '.', 'a/b/c/d', 'a//b']) {
        const answer = await send(route, { path: pathOf(route, id) });
        expectRefusal(`${nameOf(route)} ${id}`, answer, [400, 404, 405]);
      }
    }
    for (const path of [
      '/',
      '//',
      '/api',
      '/api/v1',
      '/api/v2/widgets',
      '/%00',
      '/api/v1/%',
      '/..//..',
      '/*',
    ]) {
      for (const method of ['get', 'post', 'delete']) {
        expectRefusal(path, await call(served.port, { method, path }), [400, 404, 405]);
      }
    }
  });
});

describe('a method', () => {
  const ALL = ['get', 'post', 'put', 'patch', 'delete'] as const;
  const matches = (route: Route, path: string) =>
    new RegExp(`^${route.path.replace(/:\w+/g, '[^/]+')}$`).test(path);

  it('that is not offered is refused with those that are', async () => {
    for (const { path } of routes) {
      const offered = ALL.filter((method) =>
        routes.some((route) => route.method === method && matches(route, path)),
      );
      for (const method of ALL.filter((candidate) => !offered.includes(candidate))) {
        const answer = await call(served.port, {
          method,
          path: `/api/v1${path.replace(':id', randomUUID())}`,
        });
        expectRefusal(`${method} ${path}`, answer, [405]);
        const allowed = String(answer.headers.allow).toLowerCase().split(', ');
        expect(allowed.filter((name) => name !== 'head' && name !== 'options').sort()).toEqual(
          offered.toSorted(),
        );
      }
    }
  });

  it('that nobody knows is refused', async () => {
    expect.hasAssertions();
    for (const method of ['TRACE', 'PROPFIND', 'SEARCH', 'LINK']) {
      for (const path of ['/api/v1/widgets', '/api/v1/nothing', '/']) {
        expectRefusal(`${method} ${path}`, await call(served.port, { method, path }), [404, 405]);
      }
    }
  });

  it('HEAD answers as GET does, without a body', async () => {
    for (const route of routes.filter(({ method }) => method === 'get')) {
      const [get, head] = [await send(route), await send(route, { method: 'head' })];
      expect([route.path, head.status, head.text]).toEqual([route.path, get.status, '']);
      const stranger = await send(route, { method: 'head', token: undefined });
      expect([route.path, stranger.status]).toEqual([route.path, 401]);
    }
  });

  it('OPTIONS tells what is offered and does nothing', async () => {
    for (const route of routes) {
      const answer = await call(served.port, { method: 'options', path: pathOf(route, randomUUID()) });
      expect([route.path, answer.status, answer.text]).toEqual([route.path, expect.any(Number), '']);
      expect(answer.status === 200 || answer.status === 204).toBe(true);
      expect(String(answer.headers.allow).toLowerCase()).toContain(route.method);
    }
  });
});

describe('a header', () => {
  it('names a version in If-Match, and a key in Idempotency-Key', async () => {
    const bad = [
      ...['1', '"x"', '"-1"', '"1", "2"', `"${'9'.repeat(40)}"`, '"1e3"', 'W/1'].map((value) => [
        'If-Match',
        value,
      ]),
      ...['a key', 'k'.repeat(201), 'k\u00e9y', 'k\tk'].map((value) => ['Idempotency-Key', value]),
    ] as const;
    for (const route of routes) {
      for (const [header = '', value = ''] of bad) {
        const answer = await send(route, { headers: { [header]: value } });
        expectRefusal(`${nameOf(route)} ${header}: ${value}`, answer, [400]);
        expect(detailPaths(answer)).toEqual([header]);
      }
    }
  });

  it('X-Request-Id comes back only where it is harmless', async () => {
    const ids = ['a b', '<script>', 'x'.repeat(129), 'k\u00e9y', '{"a":1}', 'a,b', '%0d%0aSet-Cookie:a=b'];
    for (const id of ids) {
      const answer = await call(served.port, {
        method: 'get',
        path: '/api/v1/widgets',
        headers: { 'X-Request-Id': id },
      });
      expectRefusal(id, answer, [401]);
      expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    }
    const twice = { 'X-Request-Id': ['one', 'two'] };
    const answer = await call(served.port, { method: 'get', path: '/api/v1/widgets', headers: twice });
    expect(answer.headers['x-request-id']).not.toContain('one');
    const good = { 'X-Request-Id': 'Trace:1.2_3-4' };
    const kept = await call(served.port, { method: 'get', path: '/api/v1/widgets', headers: good });
    expect(kept.body.error?.requestId).toBe('Trace:1.2_3-4');
  });
});

it('wrote nothing', async () => expect(await contentsOf(served.databaseUrl)).toEqual(before));
