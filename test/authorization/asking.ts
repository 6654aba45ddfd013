import type { Route } from '../../server/http/route';
import type { Person } from '../factories/tenant';
import { call, type ApiAnswer } from '../server/http/api';
import { pathOf } from '../server/http/expect-refusal';
import { sampleOf } from '../server/http/sample';
import { makerFor } from '../server/routes/things';
import { bodyFor } from './bodies';
import { nameOf, PERSONAL } from './policy-table';
import type { World } from './world';

/** A worker answers these: the tests ask for what the policy lets through and validation then refuses. */
export const WORKED: ReadonlySet<string> = new Set([
  'post /connections/:id/test',
  'post /widgets/preview',
  'post /chat',
  'post /chat/stream',
]);

export const isAboutThing = ({ path }: Pick<Route, 'path'>): boolean => path.includes('/:id');
export const isPersonal = ({ path }: Pick<Route, 'path'>): boolean => PERSONAL.has(path.split('/')[1] ?? '');

/** A new thing of the kind that the route is about, for the whole business to see where it is no personal one. */
export const thingFor = (world: World, route: Route, owner: Person): Promise<string> =>
  makerFor(world.makers, route.path)(owner, {
    ...(route.path.startsWith('/dashboards') && { shared: true }),
    ...(route.path.endsWith('/refresh') && { source: { kind: 'http', url: 'https://api.example.test/' } }),
  });

/**
 * Sends what the route takes about the thing of this id.
 * @param toTheEnd also where a worker would have to answer
 */
export const ask = (
  world: World,
  route: Route,
  token: string | undefined,
  id = '',
  toTheEnd = false,
): Promise<ApiAnswer> =>
  call(world.port, {
    method: route.method,
    path: `${pathOf(route, id)}${WORKED.has(nameOf(route)) && !toTheEnd ? '?nope=1' : ''}`,
    token,
    ...(route.body && { json: bodyFor(world, nameOf(route)) ?? sampleOf(route.body) }),
  });
