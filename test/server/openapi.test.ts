import type Router from '@koa/router';
import { createApp } from '../../server/app';
import { ask, serve, type Served } from './serve';

interface Operation {
  operationId: string;
  parameters?: ({ name: string; in: string; required: boolean; schema: object } | { $ref: string })[];
  requestBody?: { required: boolean; content: Record<string, { schema: Record<string, unknown> }> };
  responses: Record<
    string,
    { content?: Record<string, { schema: { properties: Record<string, unknown> } }> }
  >;
  security: object[];
}
interface Document {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
  components: Record<string, Record<string, unknown>>;
}

let served: Served;
let document: Document;
beforeAll(async () => {
  served = await serve();
  document = (await ask(`${served.url}/api/v1/openapi.json`)).json() as Document;
});
afterAll(() => served.close());

const operation = (method: string, path: string): Operation => {
  const found = document.paths[path]?.[method];
  if (!found) throw new Error(`${method} ${path} is not in the document.`);
  return found;
};

/** What the application's routers answer, `GET /api/v1/widgets/{id}`. */
function registered(): string[] {
  const { middleware } = createApp(served.context, served.operations) as unknown as {
    middleware: { router?: Router }[];
  };
  return middleware
    .flatMap(({ router }) => router?.stack ?? [])
    .flatMap((layer) =>
      layer.methods
        .filter((method) => method !== 'HEAD')
        .map((method) => `${method} ${String(layer.path).replace(/:(\w+)/g, '{$1}')}`),
    );
}

it('describes every route there is, and none that is not', () => {
  const described = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(registered().length).toBeGreaterThan(20);
  expect(described.sort()).toEqual(registered().sort());
});

it('gives each operation an id of its own', () => {
  const ids = Object.values(document.paths).flatMap((methods) =>
    Object.values(methods).map(({ operationId }) => operationId),
  );
  expect(ids).toContain('getWidgetsByIdData');
  expect(new Set(ids).size).toBe(ids.length);
});

it('refers to nothing that is not there', () => {
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/(\w+)\/([^"]+)"/g)];
  expect(references.length).toBeGreaterThan(100);
  for (const [, kind = '', name = ''] of references) expect(document.components[kind]).toHaveProperty([name]);
  expect(JSON.stringify(document)).not.toContain('$defs');
  // The bounds of a safe integer, which zod adds to every one.
  expect(JSON.stringify(document)).not.toContain(String(Number.MAX_SAFE_INTEGER));
});

it('shows what the schemas demand', () => {
  expect(document.openapi).toBe('3.1.0');
  const list = operation('get', '/api/v1/widgets');
  expect(list.parameters).toContainEqual(
    expect.objectContaining({
      name: 'pageSize',
      in: 'query',
      required: false,
      schema: { type: 'integer', minimum: 1, maximum: 100, default: 20 },
    }),
  );
  const body = operation('post', '/api/v1/auth/register').requestBody;
  expect(body?.required).toBe(true);
  expect(body?.content['application/json']?.schema).toMatchObject({
    type: 'object',
    additionalProperties: false,
    required: ['email', 'password', 'name', 'businessName'],
    properties: { name: { type: 'string', minLength: 1, maxLength: 100 } },
  });
  const push = operation('post', '/api/v1/widgets/{id}/data');
  expect(push.requestBody?.content['application/json']?.schema).toMatchObject({
    properties: { data: { $ref: '#/components/schemas/JsonValue' } },
  });
});

it('shows the envelope, the failures and the headers of each kind of operation', () => {
  const change = operation('patch', '/api/v1/widgets/{id}');
  expect(Object.keys(change.responses)).toEqual('200 400 401 403 404 409 412 413 415 429 503'.split(' '));
  expect(change.parameters).toContainEqual({ $ref: '#/components/parameters/ifMatch' });
  expect(change.security).toEqual([{ bearer: [] }, { apiKey: ['widgets:write'] }]);
  expect(operation('get', '/api/v1/connections').security).toEqual([{ bearer: [] }]);
  expect(change.responses[200]?.content?.['application/json']?.schema.properties).toHaveProperty(
    'data.properties.id',
  );

  const list = operation('get', '/api/v1/widgets');
  expect(Object.keys(list.responses)).toEqual('200 304 400 401 403 429 503'.split(' '));
  expect(list.responses[200]?.content?.['application/json']?.schema.properties).toHaveProperty(
    'meta.properties.pagination',
  );
  expect(operation('post', '/api/v1/widgets').parameters).toContainEqual({
    $ref: '#/components/parameters/idempotencyKey',
  });
  expect(operation('post', '/api/v1/auth/login').security).toEqual([]);
  expect(operation('delete', '/api/v1/widgets/{id}').responses[204]).not.toHaveProperty('content');
});

it('says of every operation how it can go wrong, but for probes and the document itself', () => {
  const faultless = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.values(methods)
      .filter(({ responses }) => !Object.keys(responses).some((status) => status.startsWith('4')))
      .map(() => path.replace('/api/v1', '')),
  );
  expect([...new Set(faultless)].sort()).toEqual([
    '/asyncapi.json',
    '/health',
    '/health/live',
    '/health/ready',
    '/openapi.json',
  ]);
});

it('is sent once, then only asked for', async () => {
  const url = `${served.url}/api/v1/openapi.json`;
  const first = await ask(url);
  const etag = first.headers.get('etag') ?? '';
  expect(etag).toMatch(/^"[0-9a-f]{32}"$/);
  expect((await ask(url, { headers: { 'If-None-Match': etag } })).status).toBe(304);
  expect((await ask(url, { headers: { 'If-None-Match': '"another"' } })).status).toBe(200);
});
