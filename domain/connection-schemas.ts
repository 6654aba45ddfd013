import { z } from 'zod';

const hostname = z
  .string()
  .min(1)
  .max(253)
  .regex(/^(?!\/)[A-Za-z0-9._:-]+$/, 'must be a host name or an IP address');

export const postgresConfigSchema = z.strictObject({
  host: hostname,
  port: z.number().int().min(1).max(65_535).default(5432),
  database: z.string().min(1).max(63),
  user: z.string().min(1).max(63),
  /** `true` demands TLS with a certificate that a public authority vouches for. */
  ssl: z.boolean().default(true),
});

export const postgresSecretSchema = z.strictObject({ password: z.string().max(1_000) });

export const httpConfigSchema = z.strictObject({
  baseUrl: z
    .url({ protocol: /^https?$/ })
    .max(2_000)
    .refine((text) => !URL.canParse(text) || !new URL(text).username, 'must hold no user name or password'),
});

export const httpSecretSchema = z.strictObject({
  headers: z
    .record(
      z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/, 'is not a valid header name'),
      z
        .string()
        .max(4_000)
        .regex(/^[\t\x20-\x7e\x80-\xff]*$/, 'must hold no line breaks or control characters'),
    )
    .default({}),
});

export type PostgresConfig = z.infer<typeof postgresConfigSchema>;
export type PostgresSecret = z.infer<typeof postgresSecretSchema>;
export type HttpConfig = z.infer<typeof httpConfigSchema>;
export type HttpSecret = z.infer<typeof httpSecretSchema>;
export type ConnectionKind = 'postgres' | 'http';
