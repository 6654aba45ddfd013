import type { Context } from 'koa';
import type { Actor } from '../../domain/roles';
import { HttpError } from '../../lib/errors';
import { newId } from '../../lib/ids';
import type { Route } from '../../server/http/route';
import { createPerson, type Person } from '../factories/tenant';
import { sampleOf } from '../server/http/sample';
import { bodyFor } from './bodies';
import { isAboutThing, isPersonal, thingFor } from './asking';
import { nameOf, ruleOf } from './policy-table';
import { eachOf, startWorld, type World } from './world';

jest.setTimeout(60_000);

let world: World;
let viewer: Person;
beforeAll(async () => {
  world = await startWorld();
  viewer = await createPerson(world.making, world.own.businessId, 'viewer');
});
afterAll(() => world.close());

/** The role at the door is all there is to ask: of the thing no more is demanded than that one sees it. */
const DOOR_ONLY: ReadonlySet<string> = new Set([
  'delete /business/invitations/:id',
  'delete /api-keys/:id',
  'post /dashboards/:id/duplicate',
  'post /agents/:id/chat',
]);

/** As a handler is called by the kit, once the door was passed. */
async function handle(route: Route, person: Person, id: string): Promise<string> {
  const actor: Actor = { ...person, operator: false, emailVerified: true, apiKey: null };
  const koa = { state: { requestId: newId() }, get: () => '', method: route.method, path: route.path };
  const request = {
    actor,
    params: { id },
    query: route.query?.parse({}) ?? {},
    body: route.body?.parse(bodyFor(world, nameOf(route)) ?? sampleOf(route.body)),
    requestId: koa.state.requestId,
    ifMatch: undefined,
    idempotencyKey: undefined,
    koa: koa as unknown as Context,
  };
  try {
    const { status = 200 } = await route.handler(request);
    return String(status);
  } catch (error) {
    return error instanceof HttpError ? String(error.status) : String(error);
  }
}

it('asks behind the door again, with the thing at hand, what a viewer may do to it', async () => {
  const guarded = world.routes.filter(
    (route) => isAboutThing(route) && ruleOf(route).who !== 'viewer' && !DOOR_ONLY.has(nameOf(route)),
  );
  const told = await eachOf(guarded, async (route) => {
    const id = await thingFor(world, route, isPersonal(route) ? viewer : world.own.admin);
    const outcome = await handle(route, viewer, id);
    return outcome === '403' || outcome === '404' ? [] : [`${nameOf(route)}: ${outcome}`];
  });
  expect(guarded.length).toBeGreaterThan(15);
  expect(told.flat()).toEqual([]);
});
