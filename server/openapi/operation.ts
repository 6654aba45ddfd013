import type { RouteConfig } from '@asteasolutions/zod-to-openapi';
import { API_PREFIX } from '../http/register-routes';
import type { FileType, Route } from '../http/route';
import { FAILURES, reference, type FailureStatus } from './components';
import { examplesOf, STREAM_EXAMPLE } from './examples';
import type { Schema, Schemas } from './schema';

/** As OpenAPI 3.1 has them; the library's type is a union over three versions that can't be spread. */
interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
  required: boolean;
  description?: string;
  schema: Schema;
}
type Parameters = (Parameter | { $ref: string })[];
type Response = RouteConfig['responses'][string];

/** `get` and `/widgets/:id/data` make `getWidgetsByIdData`: unique, since method and path are. */
export function operationId(method: string, path: string): string {
  const words = path.split('/').filter(Boolean);
  return words.reduce((id, word) => {
    const isParameter = word.startsWith(':');
    const name = word.replace(/^:/, '').replace(/[-_.]+(.)?/g, (_, next: string = '') => next.toUpperCase());
    return `${id}${isParameter ? 'By' : ''}${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  }, method);
}

/** `/widgets/:id` as OpenAPI writes it, below the base path. */
export const pathOf = (path: string): string => `${API_PREFIX}${path.replace(/:(\w+)/g, '{$1}')}`;

/** What a route's declaration says, in OpenAPI's words. */
export function operationOf(route: Route, schemas: Schemas): RouteConfig {
  const { toSchema } = schemas;
  const examples = examplesOf(route, schemas);
  const query = route.query && (toSchema(route.query) as ObjectSchema);
  return {
    method: route.method,
    path: pathOf(route.path),
    operationId: operationId(route.method, route.path),
    summary: route.summary,
    tags: [route.tag],
    security: securityOf(route),
    parameters: [
      ...parametersOf('path', route.params && toSchema(route.params)),
      ...parametersOf('query', query),
      ...headersOf(route),
    ] as RouteConfig['parameters'],
    ...(route.body && {
      request: {
        body: {
          required: !route.body.safeParse({}).success,
          ...(route.bodyLimit !== undefined && { description: `At most ${route.bodyLimit / 1_024} KB.` }),
          content: { 'application/json': { schema: toSchema(route.body) as never, example: examples.body } },
        },
      },
    }),
    responses: {
      [String(route.status ?? 200)]: successOf(route, query, schemas, examples.data),
      ...(takesIfNoneMatch(route) && { 304: { description: 'What you hold is current.' } }),
      ...Object.fromEntries(failuresOf(route).map((status) => [status, failure(status)])),
    },
  };
}

interface ObjectSchema {
  properties?: Record<string, Schema & { description?: string }>;
  required?: string[];
}

function parametersOf(place: 'path' | 'query', schema: ObjectSchema | undefined): Parameters {
  return Object.entries(schema?.properties ?? {}).map(([name, { description, ...property }]) => ({
    name,
    in: place,
    required: place === 'path' || (schema?.required?.includes(name) ?? false),
    ...(description !== undefined && { description }),
    schema: property,
  }));
}

const takesIfNoneMatch = (route: Route): boolean =>
  route.method === 'get' && !('public' in route.access) && !route.streams;
const takesIfMatch = (route: Route): boolean => route.method === 'patch' || route.method === 'put';
const takesIdempotencyKey = (route: Route): boolean => route.method === 'post' && !('public' in route.access);

function headersOf(route: Route): Parameters {
  const names = ['requestId'];
  if (takesIfNoneMatch(route)) names.push('ifNoneMatch');
  if (takesIfMatch(route)) names.push('ifMatch');
  if (route.streams && route.method === 'get') names.push('lastEventId');
  if (takesIdempotencyKey(route)) names.push('idempotencyKey');
  return names.map((name) => reference('parameters', name));
}

/** Which failures can be: by what the route takes and who may call it. */
function failuresOf(route: Route): FailureStatus[] {
  const writes = route.method !== 'get' && route.method !== 'delete';
  const statuses: [FailureStatus, boolean][] = [
    [400, true],
    // A public route that writes is a login of some kind: its credentials may be wrong.
    [401, !('public' in route.access) || writes],
    [403, !('public' in route.access) || writes],
    [404, route.params !== undefined],
    [409, writes],
    [412, takesIfMatch(route)],
    [413, route.body !== undefined],
    [415, route.body !== undefined],
    [422, takesIdempotencyKey(route)],
    [429, true],
    [503, true],
  ];
  return statuses.filter(([, applies]) => applies).map(([status]) => status);
}

export const failure = (status: FailureStatus): Response => reference('responses', FAILURES[status][0]);

function successOf(
  route: Route,
  query: ObjectSchema | undefined,
  { toSchema }: Schemas,
  data: unknown,
): Response {
  const headers = {
    'X-Request-Id': reference('headers', 'X-Request-Id'),
    ...(takesIfNoneMatch(route) && { ETag: reference('headers', 'ETag') }),
  };
  if (route.status === 204) return { description: 'Done.', headers };
  if (route.streams) {
    return {
      description: route.summary,
      headers,
      content: { 'text/event-stream': { schema: { type: 'string' }, example: STREAM_EXAMPLE } },
    };
  }
  const meta = metaOf(query);
  const schema = {
    type: 'object',
    required: ['data'],
    properties: {
      data: route.response ? toSchema(route.response) : { type: 'null' },
      message: { type: 'string' },
      ...(meta && { meta: meta.schema }),
    },
  };
  const example = { data: data ?? null, ...(meta && { meta: meta.example }) };
  return {
    description: route.summary,
    headers,
    content: { 'application/json': { schema: schema as never, example }, ...filesOf(route) },
  };
}

const FILE_EXAMPLES: Record<FileType, string> = {
  'text/csv': 'name,orders\r\nToday,128\r\n',
  'text/css': ':root {\n  --background: #ffffff;\n}\n',
};

const filesOf = ({ files = [] }: Route) =>
  Object.fromEntries(
    files.map((type) => [type, { schema: { type: 'string' as const }, example: FILE_EXAMPLES[type] }]),
  );

/** How the list goes on: by pages, or from the last row on. */
function metaOf(query: ObjectSchema | undefined): { schema: Schema; example: object } | undefined {
  if (query?.properties?.page) {
    return {
      schema: {
        type: 'object',
        required: ['pagination'],
        properties: { pagination: reference('schemas', 'Pagination') },
      },
      example: { pagination: { page: 1, pageSize: 20, total: 1, totalPages: 1 } },
    };
  }
  if (query?.properties?.before) {
    const schema = { type: 'object', properties: { nextBefore: { type: ['string', 'null'] } } };
    return { schema, example: { nextBefore: null } };
  }
  return undefined;
}

/** An API key may be used where the route names the scope that it needs. */
function securityOf({ access }: Route): Record<string, string[]>[] {
  if ('public' in access) return [];
  return [{ bearer: [] }, ...(access.scope ? [{ apiKey: [access.scope] }] : [])];
}
