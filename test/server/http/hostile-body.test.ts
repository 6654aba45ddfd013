import { randomUUID } from 'node:crypto';
import type { Route } from '../../../server/http/route';
import { apiRoutes } from '../../../server/routes';
import { createTenant, type Tenant } from '../../factories/tenant';
import { JWT_SECRET, serve, type Served } from '../serve';
import { call, detailPaths, type ApiAnswer, type Call } from './api';
import { contentsOf } from './contents';
import { expectRefusal, methodsWithBody, pathOf } from './expect-refusal';
import { fieldsOf, sampleOf } from './sample';

let served: Served;
let tenant: Tenant;
let routes: Route[];
let before: Record<string, string>;

beforeAll(async () => {
  served = await serve({ ENCRYPTION_KEYS: 'a key of the tests' });
  tenant = await createTenant({ db: served.db, secrets: [JWT_SECRET] });
  routes = apiRoutes(served.context).filter((route) => methodsWithBody.includes(route.method));
  before = await contentsOf(served.databaseUrl);
});
afterAll(() => served.close());

/** Sends this to every route that reads a body, as an admin, and gives the answers by route. */
async function sendToAll(request: Omit<Call, 'method' | 'path' | 'token'>) {
  const answers: { route: Route; answer: ApiAnswer }[] = [];
  for (const route of routes) {
    const path = pathOf(route, randomUUID());
    const answer = await call(served.port, {
      method: route.method,
      path,
      token: tenant.admin.token,
      ...request,
    });
    answers.push({ route, answer });
  }
  return answers;
}

/** The same, where every route has to answer this, naming `path`. */
async function expectFromAll(request: Omit<Call, 'method' | 'path' | 'token'>, status: number, path: string) {
  for (const { route, answer } of await sendToAll(request)) {
    expectRefusal(`${route.method} ${route.path}`, answer, [status]);
    expect([route.method, route.path, ...detailPaths(answer)]).toEqual(expect.arrayContaining([path]));
  }
}

const nested = (depth: number) => `{"a":${'['.repeat(depth)}${']'.repeat(depth)}}`;
/** Bodies that most routes refuse for their size, and what those that take larger ones refuse, too. */
const LARGE = JSON.stringify({ a: 'x'.repeat(102_400) });
const LARGE_FOR_THEMES = JSON.stringify({ a: 'x'.repeat(262_144) });

it('has routes to try', () => expect(routes.length).toBeGreaterThan(10));

describe('every route that reads a body refuses one that', () => {
  it.each([
    ['ends too early', '{"a":'],
    ['is no JSON', 'name=A&role=admin'],
    ['has something behind it', '{}{}'],
    ['holds __proto__', '{"a":{"__proto__":{"role":"admin"}}}'],
    ['holds an escaped __proto__', '{"\\u005f_proto__":{"role":"admin"}}'],
    ['holds constructor.prototype', '{"constructor":{"prototype":{"role":"admin"}}}'],
    ['is no UTF-8', Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xc3, 0x28, 0x22, 0x7d])],
  ])('%s', async (_, body) => {
    expect.hasAssertions();
    await expectFromAll({ body }, 400, 'body');
  });

  it.each([
    ['21 levels', 21],
    ['50,000 levels', 50_000],
  ])('is nested %s deep', async (_, depth) => {
    for (const { route, answer } of await sendToAll({ body: nested(depth) })) {
      expectRefusal(route.path, answer, [400]);
      expect(detailPaths(answer)[0]).toMatch(/^a(\.0)*/);
      expect(answer.text.length).toBeLessThan(1_000);
    }
  });

  it('holds U+0000 or half a surrogate pair, in a text or a key', async () => {
    expect.hasAssertions();
    await expectFromAll({ body: '{"a":{"b":["\\u0000"]}}' }, 400, 'a.b.0');
    await expectFromAll({ body: '{"a":{"b":["\\ud800"]}}' }, 400, 'a.b.0');
    await expectFromAll({ body: '{"a":{"\\u0000":1}}' }, 400, 'a');
    await expectFromAll({ body: '{"a":{"x\\udfff":1}}' }, 400, 'a');
  });

  it('is too large, whether or not it says so', async () => {
    expect.hasAssertions();
    for (const chunked of [false, true]) {
      for (const { route, answer } of await sendToAll({ body: LARGE, chunked })) {
        const isLarger = route.path.startsWith('/themes') && route.body !== undefined;
        expectRefusal(`${route.method} ${route.path}`, answer, [isLarger ? 400 : 413]);
        expect(detailPaths(answer)).toContain(isLarger ? 'a' : 'body');
      }
      await expectFromAll({ body: LARGE_FOR_THEMES, chunked }, 413, 'body');
    }
    await expectFromAll({ body: 'x'.repeat(3_000_000), chunked: true }, 413, 'body');
  });

  it('is of another type or encoding', async () => {
    expect.hasAssertions();
    await expectFromAll({ body: '{}', headers: { 'Content-Type': 'text/plain' } }, 415, 'Content-Type');
    await expectFromAll(
      { body: 'a=b', headers: { 'Content-Type': 'application/x-www-form-urlencoded' } },
      415,
      'Content-Type',
    );
    await expectFromAll({ body: '{}', headers: { 'Content-Encoding': 'gzip' } }, 415, 'Content-Encoding');
  });

  it.each(['[]', '[{}]', '"a"', '7', 'true'])('is %s instead of an object', async (body) => {
    expect.hasAssertions();
    await expectFromAll({ body }, 400, 'body');
  });
});

it('names unknown fields, each of them', async () => {
  for (const route of routes) {
    const known = route.body ? (sampleOf(route.body) as object) : {};
    const answer = await call(served.port, {
      method: route.method,
      path: pathOf(route, randomUUID()),
      token: tenant.admin.token,
      json: { ...known, isAdmin: true, constructor: 1 },
    });
    expectRefusal(`${route.method} ${route.path}`, answer, [400]);
    expect(detailPaths(answer)).toEqual(['isAdmin', 'constructor']);
  }
});

it('names a field of the wrong type', async () => {
  const wrongs = [null, true, 12.5, -1, '', '\u{1f480}'.repeat(20_000), [], [null], {}, { $gt: '' }];
  let tried = 0;
  for (const route of routes.filter(({ body }) => body)) {
    const schema = route.body as NonNullable<Route['body']>;
    const sample = sampleOf(schema) as object;
    for (const field of fieldsOf(schema)) {
      const refused = wrongs.filter((wrong) => !schema.safeParse({ ...sample, [field]: wrong }).success);
      for (const wrong of refused) {
        const answer = await call(served.port, {
          method: route.method,
          path: pathOf(route, randomUUID()),
          token: tenant.admin.token,
          json: { ...sample, [field]: wrong },
        });
        expectRefusal(`${route.method} ${route.path} ${field}`, answer, [400]);
        expect(detailPaths(answer).every((path) => path.split('.')[0] === field)).toBe(true);
        tried += 1;
      }
    }
  }
  expect(tried).toBeGreaterThan(100);
});

it('wrote nothing', async () => expect(await contentsOf(served.databaseUrl)).toEqual(before));
