import { z } from 'zod';
import {
  httpConfigSchema,
  httpSecretSchema,
  postgresConfigSchema,
  postgresSecretSchema,
} from '../../../domain/connection-schemas';

const name = z.string().trim().min(1, 'must not be empty').max(100);

export const createConnectionBody = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('postgres'),
    name,
    config: postgresConfigSchema,
    secret: postgresSecretSchema,
  }),
  z.strictObject({
    kind: z.literal('http'),
    name,
    config: httpConfigSchema,
    secret: httpSecretSchema.default({ headers: {} }),
  }),
]);

/** The kind can't change; config and secret are checked against the stored kind. */
export const updateConnectionBody = z
  .strictObject({
    name: name.optional(),
    config: z.record(z.string(), z.json()).optional(),
    secret: z.record(z.string(), z.json()).optional(),
  })
  .refine((body) => Object.keys(body).length > 0, 'must change at least one field');

export const connectionSchema = z.strictObject({
  id: z.uuid(),
  name: z.string(),
  kind: z.enum(['postgres', 'http']),
  config: z.record(z.string(), z.unknown()),
  hasSecret: z.boolean(),
  version: z.number().int(),
  createdAt: z.string(),
  updatedAt: z.string(),
});

export const testResultSchema = z.strictObject({
  ok: z.boolean(),
  latencyMs: z.number().nullable(),
  detail: z.string().nullable(),
  error: z.strictObject({ code: z.string(), message: z.string() }).nullable(),
});

/** The stored kind's schemas, for a PATCH that does not name it. */
export const schemasOf = (kind: 'postgres' | 'http') =>
  kind === 'postgres'
    ? { config: postgresConfigSchema, secret: postgresSecretSchema }
    : { config: httpConfigSchema, secret: httpSecretSchema };
