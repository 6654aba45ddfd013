import { isDeepStrictEqual } from 'node:util';
import { API_SCOPES } from '../../domain/api-keys/scopes';
import { newId } from '../../lib/ids';
import type { Route } from '../../server/http/route';
import { createPerson, type Person } from '../factories/tenant';
import { apiOf, type ApiAnswer } from '../server/http/api';
import { contentsOf } from '../server/http/contents';
import { makerFor } from '../server/routes/things';
import { query } from '../support/postgres';
import { ask, isAboutThing, isPersonal, thingFor } from './asking';
import { nameOf, ruleOf } from './policy-table';
import { apiKey, gateFor, PEOPLE, type Principal } from './principals';
import { eachOf, startWorld, type World } from './world';

jest.setTimeout(120_000);

let world: World;
let routes: Route[];
let colleague: Person;
/** By route: ids that nobody of the business may reach, or that nobody but the colleague may, and why. */
let hidden: Map<string, [string, string][]>;
beforeAll(async () => {
  world = await startWorld();
  routes = world.routes.filter(isAboutThing);
  colleague = await createPerson(world.making, world.own.businessId, 'admin');
  const made = await eachOf(routes, async (route): Promise<[string, string][]> => [
    ['another business’s', await thingFor(world, route, world.other.admin)],
    ...(await colleagues(route)),
    ...(await deleted(route)),
  ]);
  hidden = new Map(routes.map((route, index) => [nameOf(route), made[index] ?? []]));
});
afterAll(() => world.close());

/** Kinds that a person can have for themselves. */
async function colleagues(route: Route): Promise<[string, string][]> {
  const kind = route.path.split('/')[1];
  const canBePrivate = kind === 'widgets' || kind === 'dashboards' || isPersonal(route);
  if (!canBePrivate) return [];
  const overrides = kind === 'widgets' ? { scope: 'user' } : {};
  return [['a colleague’s own', await makerFor(world.makers, route.path)(colleague, overrides)]];
}

/** Nothing deletes a notification or a report but what deletes the person or the business. */
const KEPT = new Set(['notifications', 'reports']);

async function deleted(route: Route): Promise<[string, string][]> {
  const [, first = '', second = ''] = route.path.split('/');
  if (KEPT.has(first)) return [];
  const id = await thingFor(world, route, world.own.admin);
  if (first === 'runs') {
    const [run] = await query(
      world.databaseUrl,
      `select conversation_id as "conversationId" from runs where id = '${id}'`,
    );
    await expectDone(`/conversations/${run?.conversationId as string}`);
  } else {
    await expectDone(second === ':id' ? `/${first}/${id}` : `/${first}/${second}/${id}`);
  }
  return [['a deleted', id]];
}

async function expectDone(path: string): Promise<void> {
  expect([path, (await apiOf(world.port, world.own.admin.token).delete(path)).status]).toEqual([path, 204]);
}

/** All of an answer that a caller can see, but what differs each time and the id that they sent. */
function visible({ status, headers, text }: ApiAnswer, id: string) {
  const { date: _date, 'x-request-id': requestId, 'content-length': _length, ...rest } = headers;
  return {
    status,
    rest,
    said: text.replaceAll(String(requestId), '(request id)').replaceAll(id, '(id)'),
  };
}

const ASKING: Readonly<Record<string, (world: World) => Promise<Principal>>> = {
  ...PEOPLE,
  // Whose session, conversation or theme was deleted; it asks about its own.
  'the owner': ({ own }) => Promise.resolve({ token: own.admin.token, person: own.admin, role: 'admin' }),
  'an admin’s API key for everything': apiKey('admin', API_SCOPES),
};

/** What this route tells somebody about each hidden thing, and of it what it would not of a thing that never was. */
async function toldOf(route: Route, principal: Principal): Promise<string[]> {
  const unknownId = newId();
  const unknown = await ask(world, route, principal.token, unknownId, true);
  const isAllowed = gateFor(ruleOf(route), principal) === 'through';
  // Who may not do it to any thing is told so first, or learns nothing of this one.
  const isRefused = isAllowed ? unknown.status === 404 : unknown.status === 403 || unknown.status === 404;
  if (!isRefused) return [`${nameOf(route)}: one that never was: ${unknown.status} ${unknown.text}`];
  const told: string[] = [];
  for (const [what, id] of hidden.get(nameOf(route)) ?? []) {
    const answer = await ask(world, route, principal.token, id, true);
    if (isDeepStrictEqual(visible(answer, id), visible(unknown, unknownId))) continue;
    told.push(`${nameOf(route)}: ${what}: ${answer.status} ${answer.text}`);
  }
  return told;
}

it.each(Object.entries(ASKING))(
  'answers %s about what they may not see as about what never was, and writes nothing',
  async (_, make) => {
    const principal = await make(world);
    const before = await contentsOf(world.databaseUrl);
    const told = await eachOf(routes, (route) => toldOf(route, principal));
    expect(told.flat()).toEqual([]);
    const { 'public.audit_events': _denials, ...after } = await contentsOf(world.databaseUrl);
    expect(before).toEqual(expect.objectContaining(after));
  },
);

it('has another business’s and one more thing hidden for every route about a thing', () => {
  const bare = routes.filter((route) => (hidden.get(nameOf(route)) ?? []).length < 2);
  expect(bare.map(nameOf)).toEqual([]);
});
