import type { OpenAPIRegistry, RouteConfig } from '@asteasolutions/zod-to-openapi';

/** The failures an operation may have, by status (product.md, "HTTP"). */
export const FAILURES = {
  400: ['BadRequest', 'The input is not valid; `details` name the fields. Nothing was written.'],
  401: ['Unauthorized', 'No token, one that has run out, or a session that has ended.'],
  403: ['Forbidden', 'The caller’s role does not allow this.'],
  404: ['NotFound', 'It does not exist, or the caller may not see it.'],
  409: ['Conflict', 'It contradicts the present state.'],
  412: ['PreconditionFailed', 'It was changed since the version in `If-Match`. Load it again.'],
  413: ['PayloadTooLarge', 'The body is larger than is taken here.'],
  415: ['UnsupportedMediaType', 'The body is not `application/json`.'],
  422: ['IdempotencyKeyReused', 'Another body was sent under this `Idempotency-Key` before.'],
  429: ['TooManyRequests', 'Over a rate limit. Come back after `Retry-After` seconds.'],
  503: ['Unavailable', 'Not available right now. Come back after `Retry-After` seconds.'],
} as const;
export type FailureStatus = keyof typeof FAILURES;

const ERROR = {
  type: 'object',
  required: ['message', 'error'],
  properties: {
    message: { type: 'string', description: 'For a person.' },
    error: {
      type: 'object',
      required: ['code', 'requestId'],
      properties: {
        code: { type: 'string', description: 'For a program; it does not change.' },
        details: {
          type: 'array',
          items: {
            type: 'object',
            required: ['path', 'message'],
            properties: { path: { type: 'string' }, message: { type: 'string' } },
          },
        },
        requestId: { type: 'string' },
      },
    },
  },
} as const;

const PAGINATION = {
  type: 'object',
  required: ['page', 'pageSize', 'total', 'totalPages'],
  properties: {
    page: { type: 'integer' },
    pageSize: { type: 'integer' },
    total: { type: 'integer' },
    totalPages: { type: 'integer' },
  },
} as const;

const text = (description: string) => ({ description, schema: { type: 'string' as const } });

const HEADERS = {
  'X-Request-Id': text('The request’s id: yours where you sent one, else a new one.'),
  ETag: text('The version, in quotes; for If-None-Match, and for If-Match where the row can be changed.'),
  'Retry-After': { description: 'Seconds.', schema: { type: 'integer' as const } },
};

/** Headers that requests may carry, by what they are for. */
export const REQUEST_HEADERS = {
  requestId: header(
    'X-Request-Id',
    'An id of yours for this request; it is in every answer, event and log line.',
  ),
  ifNoneMatch: header('If-None-Match', 'An ETag you hold: answered 304 while it is current.'),
  ifMatch: header(
    'If-Match',
    'The version you changed, in quotes: answered 412 where it is no longer current.',
  ),
  idempotencyKey: header(
    'Idempotency-Key',
    'Makes a repeated request harmless for 24 hours: it gets the first one’s answer.',
  ),
};

function header(name: string, description: string): NonNullable<RouteConfig['parameters']>[number] {
  return { name, in: 'header', required: false, description, schema: { type: 'string' } };
}

export const reference = (kind: 'schemas' | 'responses' | 'headers' | 'parameters', name: string) => ({
  $ref: `#/components/${kind}/${name}`,
});

/** What many operations refer to. */
export function registerComponents(registry: OpenAPIRegistry): void {
  registry.registerComponent('securitySchemes', 'bearer', {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: 'The access token from `POST /auth/login`. It names the person and the active business.',
  });
  registry.registerComponent('securitySchemes', 'metricsToken', {
    type: 'http',
    scheme: 'bearer',
    description: 'METRICS_TOKEN, where the operator has set one.',
  });
  registry.registerComponent('schemas', 'Error', structuredClone(ERROR) as never);
  registry.registerComponent('schemas', 'Pagination', structuredClone(PAGINATION) as never);
  for (const [name, value] of Object.entries(HEADERS)) registry.registerComponent('headers', name, value);
  for (const [name, value] of Object.entries(REQUEST_HEADERS)) {
    registry.registerComponent('parameters', name, value);
  }
  for (const [status, [name, description]] of Object.entries(FAILURES)) {
    const isTemporary = status === '429' || status === '503';
    registry.registerComponent('responses', name, {
      description,
      headers: {
        'X-Request-Id': reference('headers', 'X-Request-Id'),
        ...(isTemporary && { 'Retry-After': reference('headers', 'Retry-After') }),
      },
      content: { 'application/json': { schema: reference('schemas', 'Error') } },
    });
  }
}
