import { examplesOf } from '../../server/openapi/examples';
import { WRITTEN } from '../../server/openapi/examples/written';
import { createSchemas } from '../../server/openapi/schema';
import { apiRoutes } from '../../server/routes';
import type { Route } from '../../server/http/route';
import { serve, type Served } from './serve';

let served: Served;
let routes: Route[];
beforeAll(async () => {
  served = await serve();
  routes = apiRoutes(served.context);
});
afterAll(() => served.close());

it('has an example of every operation that its own schemas take', () => {
  const schemas = createSchemas();
  const refused = routes.flatMap((route) => {
    const { body, data } = examplesOf(route, schemas);
    const name = `${route.method} ${route.path}`;
    const asked = route.body?.safeParse(body);
    const answered = route.response?.safeParse(data);
    return [
      ...(asked?.success === false ? [`${name} body: ${asked.error.message} ${JSON.stringify(body)}`] : []),
      ...(answered?.success === false
        ? [`${name} data: ${answered.error.message} ${JSON.stringify(data)}`]
        : []),
    ];
  });
  expect(refused).toEqual([]);
});

it('writes by hand only for operations that there are', () => {
  const names = new Set(routes.map(({ method, path }) => `${method} ${path}`));
  expect(Object.keys(WRITTEN).filter((name) => !names.has(name))).toEqual([]);
});
