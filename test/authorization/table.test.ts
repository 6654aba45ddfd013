import type Router from '@koa/router';
import { createBullBoard } from '@bull-board/api';
import { KoaAdapter } from '@bull-board/koa';
import { createApp } from '../../server/app';
import { routerOf } from '../../server/http/register-routes';
import type { Route } from '../../server/http/route';
import { eventsOf } from '../../server/sockets/events';
import { EVENTS as DEFINED_EVENTS } from '../../server/sockets/events';
import { toolsOf, TOOLS as DEFINED_TOOLS } from '../../workers/agents/tools/registry';
import { call } from '../server/http/api';
import { serve, type Served } from '../server/serve';
import { BOARD } from './board-table';
import { EVENTS, nameOf, PLATFORM, ROUTES, ruleOf, TOOLS } from './policy-table';
import { apiRoutes } from '../../server/routes';

let served: Served;
let routes: Route[];
beforeAll(async () => {
  served = await serve();
  routes = apiRoutes(served.context);
});
afterAll(() => served.close());

const inTable = () =>
  [...PLATFORM, ...Object.keys(ROUTES).map((name) => name.replace(' ', ' /api/v1'))].sort();

describe('the table says who may', () => {
  it('of every route that the routers answer, and of none that they do not', () => {
    const { middleware } = createApp(served.context, served.operations) as unknown as {
      middleware: { router?: Router }[];
    };
    const registered = middleware
      .flatMap(({ router }) => router?.stack ?? [])
      .flatMap(({ methods, path }) =>
        methods
          .filter((method) => method !== 'HEAD')
          .map((method) => `${method.toLowerCase()} ${String(path)}`),
      );
    expect(registered.sort()).toEqual(inTable());
  });

  it('of every operation of the OpenAPI document, and of none that is not there', async () => {
    const { text } = await call(served.port, { method: 'get', path: '/api/v1/openapi.json' });
    const { paths } = JSON.parse(text) as { paths: Record<string, Record<string, { security: object[] }>> };
    const described = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path.replace(/\{(\w+)\}/g, ':$1')}`),
    );
    expect(described.sort()).toEqual(inTable());
    // Without a login, with one, or with an API key of a scope.
    for (const route of routes) {
      const { who, key } = ruleOf(route);
      const path = `/api/v1${route.path.replace(/:(\w+)/g, '{$1}')}`;
      expect([nameOf(route), paths[path]?.[route.method]?.security]).toEqual([
        nameOf(route),
        who === 'anyone' ? [] : [{ bearer: [] }, ...(key ? [{ apiKey: [key] }] : [])],
      ]);
    }
  });

  it('of every event, every tool and every page of the board', () => {
    expect([...DEFINED_EVENTS.keys()].sort()).toEqual(Object.keys(EVENTS).sort());
    expect(Object.keys(DEFINED_TOOLS).sort()).toEqual(Object.keys(TOOLS).sort());
    expect(boardRoutes().sort()).toEqual(Object.keys(BOARD).sort());
  });
});

/** What Bull Board answers below its path; with a new version of it there may be more. */
function boardRoutes(): string[] {
  const found: string[] = [];
  type Defined = Parameters<KoaAdapter['setApiRoutes']>[0][number];
  const listed = <Value>(value: Value | readonly Value[]): Value[] =>
    Array.isArray(value) ? (value as Value[]) : [value as Value];
  const note = ({ method, route }: Pick<Defined, 'method' | 'route'>) => {
    for (const verb of listed<string>(method)) {
      for (const path of listed<string>(route)) found.push(`${verb} ${path}`);
    }
  };
  class NotingAdapter extends KoaAdapter {
    override setApiRoutes(defined: Defined[]) {
      defined.forEach(note);
      return super.setApiRoutes(defined);
    }
    override setEntryRoute(entry: Parameters<KoaAdapter['setEntryRoute']>[0]) {
      note(entry);
      return super.setEntryRoute(entry);
    }
  }
  createBullBoard({ queues: [], serverAdapter: new NotingAdapter() });
  return found;
}

describe('a server does not start with', () => {
  it('a route without an access rule', () => {
    const [route] = routes as [Route];
    const bare = { ...route, access: undefined } as unknown as Route;
    expect(() => routerOf([bare], async () => undefined, served.context)).toThrow('has no access rule');
  });

  it('an event without one', () => {
    const [event] = DEFINED_EVENTS.values();
    expect(() => eventsOf([{ ...event, access: undefined } as never])).toThrow('has no access rule');
  });

  it('a tool without rights', () => {
    const { search } = DEFINED_TOOLS;
    expect(() => toolsOf({ ...DEFINED_TOOLS, search: { ...search, rights: undefined } as never })).toThrow(
      'says no rights',
    );
  });
});
