import { z } from 'zod';

/** Longest JMESPath expression we take, characters. */
const MAX_SELECT_CHARACTERS = 2_000;
/** Largest static or request body data, bytes of JSON. */
const MAX_INLINE_JSON_BYTES = 65_536;

const json = z.json().refine((value) => Buffer.byteLength(JSON.stringify(value)) <= MAX_INLINE_JSON_BYTES, {
  message: `must be at most ${MAX_INLINE_JSON_BYTES} bytes of JSON`,
});

const headerName = z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/, 'is not a valid header name');
const headerValue = z
  .string()
  .max(4_000)
  .regex(/^[\t\x20-\x7e\x80-\xff]*$/, 'must hold no line breaks or control characters');

/** JSON over HTTP: an absolute `url`, or a `path` under an http connection's `baseUrl`. */
export const httpSourceSchema = z
  .strictObject({
    kind: z.literal('http'),
    url: z
      .url({ protocol: /^https?$/ })
      .max(2_000)
      .optional(),
    connectionId: z.uuid().optional(),
    path: z.string().max(2_000).optional(),
    method: z.enum(['GET', 'POST']).default('GET'),
    headers: z.record(headerName, headerValue).default({}),
    body: json.optional(),
    select: z.string().min(1).max(MAX_SELECT_CHARACTERS).optional(),
  })
  .refine((source) => (source.url === undefined) !== (source.connectionId === undefined), {
    path: ['url'],
    message: 'give either url, or connectionId with path',
  })
  .refine((source) => source.path === undefined || source.connectionId !== undefined, {
    path: ['path'],
    message: 'goes with connectionId',
  });

export const sqlParameter = z.union([z.string().max(10_000), z.number(), z.boolean(), z.null()]);

/** One SELECT over a stored postgres connection; `$1`, `$2` take `params`. */
export const sqlSourceSchema = z.strictObject({
  kind: z.literal('sql'),
  connectionId: z.uuid(),
  query: z.string().min(1).max(20_000),
  params: z.array(sqlParameter).max(50).default([]),
});

export const METRICS = ['members_online', 'refresh_health', 'data_changes', 'runs', 'usage', 'cost'] as const;

/** The platform's own figures for this business. */
export const metricSourceSchema = z.strictObject({
  kind: z.literal('metric'),
  metric: z.enum(METRICS),
  range: z.enum(['1h', '24h', '7d', '30d', '90d']).default('24h'),
});

/** Data arrives by POST /widgets/:id/data. */
export const pushSourceSchema = z.strictObject({ kind: z.literal('push') });

export const staticSourceSchema = z.strictObject({ kind: z.literal('static'), data: json });

export const sourceSchema = z.discriminatedUnion('kind', [
  httpSourceSchema,
  sqlSourceSchema,
  metricSourceSchema,
  pushSourceSchema,
  staticSourceSchema,
]);

export type HttpSource = z.infer<typeof httpSourceSchema>;
export type SqlSource = z.infer<typeof sqlSourceSchema>;
export type MetricSource = z.infer<typeof metricSourceSchema>;
export type PushSource = z.infer<typeof pushSourceSchema>;
export type StaticSource = z.infer<typeof staticSourceSchema>;
export type WidgetSource = z.infer<typeof sourceSchema>;
export type SourceKind = WidgetSource['kind'];
