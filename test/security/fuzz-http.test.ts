import fc from 'fast-check';
import { parse as parseQuery } from 'node:querystring';
import type { Route } from '../../server/http/route';
import { call, detailPaths, type ApiAnswer } from '../server/http/api';
import { contentsOf } from '../server/http/contents';
import { expectRefusal } from '../server/http/expect-refusal';
import { jsonSchemaOf, namesOf } from './fuzz/from-schema';
import { CASES, SEED } from './fuzz/seed';
import { requestsOf, withUnknownField, type FuzzedCall } from './fuzz/requests';
import { openFuzzWorld, type FuzzWorld } from './fuzz/world';

jest.setTimeout(300_000);

/** What takes a password is hashed: 30 ms of the processor each. */
const CASES_OF_PASSWORDS = Math.ceil(CASES / 3);

/** A worker answers these, and there is none: what they would take gets a field that they don't. */
const WORKED = new Set([
  'post /connections/:id/test',
  'post /widgets/preview',
  'post /chat',
  'post /chat/stream',
]);

/** A wrong password is counted, recorded, and in the end told by mail: what a refused request may leave behind. */
const OF_WRONG_PASSWORDS =
  'public.login_failures public.audit_events public.mails bullmq.job bullmq.event'.split(' ');
const takesPassword = ({ body }: Route): boolean =>
  body !== undefined && namesOf(jsonSchemaOf(body)).some((name) => /^(password|currentPassword)$/.test(name));

let world: FuzzWorld;
beforeAll(async () => {
  world = await openFuzzWorld();
});
afterAll(() => world?.served.close());

const nameOf = ({ method, path }: Route) => `${method} ${path}`;

function fits(route: Route, { body }: FuzzedCall): boolean {
  if (!route.body) return true;
  try {
    return route.body.safeParse(JSON.parse(String(body))).success;
  } catch {
    return false;
  }
}

const withoutWork = (route: Route, request: FuzzedCall): FuzzedCall =>
  WORKED.has(nameOf(route)) && fits(route, request)
    ? { ...request, path: `${request.path.split('?')[0]}?nope=1` }
    : request;

/** Everything that a detail of this route can be about. */
function namesIn(route: Route, request: FuzzedCall): Set<string> {
  const schemas = [route.params, route.query, route.body].flatMap((schema) => schema ?? []);
  const sent = Object.keys(parseQuery(request.path.split('?').slice(1).join('?')));
  return new Set([
    'body',
    'query',
    'path',
    'If-Match',
    'Idempotency-Key',
    'Content-Type',
    'Last-Event-ID',
    ...schemas.flatMap((schema) => namesOf(jsonSchemaOf(schema))),
    ...sent.map((name) => name.split('.')[0] ?? ''),
  ]);
}

/** Fields in the query and the body that no schema has. */
function unknownIn(route: Route, { path, body }: FuzzedCall): string[] {
  const query = Object.keys(parseQuery(path.split('?').slice(1).join('?')));
  const sent: unknown = body?.length ? JSON.parse(String(body)) : {};
  const namesOfPart = (schema: Route['body']) => new Set(schema ? namesOf(jsonSchemaOf(schema)) : []);
  const [inQuery, inBody] = [namesOfPart(route.query), namesOfPart(route.body)];
  return [
    ...query.filter((name) => !inQuery.has(name)),
    ...Object.keys(sent as object).filter((name) => !inBody.has(name)),
  ];
}

/** Not a failure of ours, in the envelope, and where the input is wrong it says which field. */
function expectSane(route: Route, request: FuzzedCall, answer: ApiAnswer): void {
  if (answer.status < 400) {
    expect({ taken: unknownIn(route, request) }).toEqual({ taken: [] });
    return;
  }
  // 429: an address is not written to twice within a minute.
  const statuses = [400, 401, 403, 404, 405, 409, 412, 413, 415, 422, 429];
  expectRefusal(nameOf(route), answer, statuses);
  if (![400, 413, 415].includes(answer.status)) return;
  const named = (answer.body.error?.details ?? []).map(({ path }) => path.split('.')[0] ?? '');
  const known = namesIn(route, request);
  const body = String(request.body ?? '');
  // What was sent may be named, too, and in a list its places.
  const isSent = (name: string) => body.includes(name) || (body.startsWith('[') && /^\d+$/.test(name));
  const strange = named.filter((name) => !known.has(name) && !isSent(name));
  expect({ text: answer.text, names: named.length > 0, strange }).toEqual({
    text: answer.text,
    names: true,
    strange: [],
  });
}

/** A route's cases. @returns those that were refused */
async function fuzz(route: Route): Promise<{ token: string; refused: FuzzedCall[] }> {
  const { person, ids } = await world.stageFor(route);
  const { token } = person;
  const refused: FuzzedCall[] = [];
  const isHashed = /register|login|password|2fa/.test(route.path);
  const sender = 'public' in route.access ? {} : { token };
  for (const request of withUnknownField(route, ids)) {
    const answer = await call(world.served.port, { ...request, ...sender });
    expect([answer.text, detailPaths(answer)]).toEqual([answer.text, ['isAdmin']]);
  }
  await fc.assert(
    fc.asyncProperty(requestsOf(route, ids), async (made) => {
      const request = withoutWork(route, made);
      const answer = await call(world.served.port, { ...request, ...sender });
      expectSane(route, request, answer);
      if (answer.status >= 400) refused.push(request);
    }),
    {
      seed: SEED,
      numRuns: isHashed ? CASES_OF_PASSWORDS : CASES,
    },
  );
  return { token, refused };
}

/** With the failed expectation, which fast-check gives as the cause. */
const whyOf = ({ message, cause }: Error): string =>
  `${message}\n${(cause as Error | undefined)?.message ?? ''}`;

/** A counterexample may be 10,000 characters long. */
const shortened = (text: string): string => text.replace(/\S{300,}/g, (long) => `${long.slice(0, 300)}…`);

it('answers whatever it is sent, and a refusal writes nothing', async () => {
  const problems: Record<string, unknown> = {};
  const counts = { sent: 0, refused: 0, compared: 0 };
  const { served, routes, failures } = world;
  // What takes things away comes last: the others have something to be about.
  const inOrder = routes.toSorted((a, b) => Number(a.method === 'delete') - Number(b.method === 'delete'));
  for (const route of inOrder) {
    try {
      const { token, refused } = await fuzz(route);
      const before = await contentsOf(served.databaseUrl);
      const again: number[] = [];
      for (const request of refused) {
        again.push((await call(served.port, { ...request, token })).status);
      }
      counts.refused += refused.length;
      if (again.some((status) => status < 400)) continue;
      counts.compared += 1;
      const after = await contentsOf(served.databaseUrl);
      const written = Object.keys(after).filter((table) => after[table] !== before[table]);
      const mayLeave = takesPassword(route) ? OF_WRONG_PASSWORDS : [];
      const wrong = written.filter((table) => !mayLeave.includes(table));
      if (wrong.length > 0) problems[nameOf(route)] = wrong;
    } catch (error) {
      problems[nameOf(route)] = shortened(whyOf(error as Error));
    }
  }
  expect({ problems, failures }).toEqual({ problems: {}, failures: [] });
  expect(counts.refused).toBeGreaterThan(routes.length * 5);
  expect(counts.compared).toBeGreaterThan(routes.length - 5);
});
