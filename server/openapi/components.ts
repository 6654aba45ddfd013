import type { OpenAPIRegistry, RouteConfig } from '@asteasolutions/zod-to-openapi';

const REQUEST_ID = '7f9c2ba4-e88f-4b1c-9c7e-3f0a5d6e8b12';
const detail = (path: string, message: string) => [{ path, message }];

/** The failures an operation may have, by status: name, what it means, and an example's code (product.md, "HTTP"). */
export const FAILURES = {
  400: [
    'BadRequest',
    'The input is not valid; `details` name the fields. Nothing was written.',
    'invalid_request',
    detail('name', 'must not be empty'),
  ],
  401: [
    'Unauthorized',
    'No token, one that has run out, or a session that has ended.',
    'invalid_token',
    undefined,
  ],
  403: [
    'Forbidden',
    'The caller’s role, an API key’s scope or an address that is not verified does not allow this.',
    'forbidden',
    undefined,
  ],
  404: ['NotFound', 'It does not exist, or the caller may not see it.', 'not_found', undefined],
  409: ['Conflict', 'It contradicts the present state.', 'conflict', undefined],
  412: [
    'PreconditionFailed',
    'It was changed since the version in `If-Match`. Load it again.',
    'version_conflict',
    undefined,
  ],
  413: [
    'PayloadTooLarge',
    'The body is larger than is taken here.',
    'body_too_large',
    detail('body', 'must be at most 102400 bytes'),
  ],
  415: [
    'UnsupportedMediaType',
    'The body is not `application/json`.',
    'unsupported_media_type',
    detail('Content-Type', 'must be application/json'),
  ],
  422: [
    'IdempotencyKeyReused',
    'Another body was sent under this `Idempotency-Key` before.',
    'idempotency_key_reused',
    detail('Idempotency-Key', 'was used with another body'),
  ],
  429: [
    'TooManyRequests',
    'Over a rate limit. Come back after `Retry-After` seconds.',
    'rate_limited',
    undefined,
  ],
  503: [
    'Unavailable',
    'Not available right now. Come back after `Retry-After` seconds.',
    'unavailable',
    undefined,
  ],
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

const seconds = (description: string) => ({
  description: `${description} Seconds from now.`,
  schema: { type: 'integer' as const },
});

const HEADERS = {
  'X-Request-Id': text('The request’s id: yours where you sent one, else a new one.'),
  ETag: text('The version, in quotes; for If-None-Match, and for If-Match where the row can be changed.'),
  'Retry-After': seconds('When to come back.'),
  'RateLimit-Limit': { description: 'How often it is allowed.', schema: { type: 'integer' as const } },
  'RateLimit-Remaining': { description: 'How often it still is.', schema: { type: 'integer' as const } },
  'RateLimit-Reset': seconds('When the window ends.'),
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
  lastEventId: header('Last-Event-ID', 'The `id` of the last event you have: what follows it is sent.'),
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
  registry.registerComponent('securitySchemes', 'apiKey', {
    type: 'http',
    scheme: 'bearer',
    description:
      'An API key from `POST /api-keys`. It acts for the person who made it, within the scopes it was given; ' +
      'the operation names the one it needs.',
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
  for (const [status, [name, description, code, details]] of Object.entries(FAILURES)) {
    const isTemporary = status === '429' || status === '503';
    const limit = ['RateLimit-Limit', 'RateLimit-Remaining', 'RateLimit-Reset'];
    const names = [
      'X-Request-Id',
      ...(isTemporary ? ['Retry-After'] : []),
      ...(status === '429' ? limit : []),
    ];
    registry.registerComponent('responses', name, {
      description,
      headers: Object.fromEntries(names.map((each) => [each, reference('headers', each)])),
      content: {
        'application/json': {
          schema: reference('schemas', 'Error'),
          example: {
            message: description,
            error: { code, ...(details && { details }), requestId: REQUEST_ID },
          },
        },
      },
    });
  }
}
