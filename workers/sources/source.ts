import type { z } from 'zod';

/** A stored connection as a source gets it: the secret opened, only for as long as the call lasts. */
export interface OpenConnection {
  id: string;
  kind: 'postgres' | 'http';
  /** The connection's public config, already valid for its kind. */
  config: Record<string, unknown>;
  /** The opened secret: `{password}` or `{headers}`. Never logged, never in an error's message. */
  secret: Record<string, unknown>;
}

export interface SourceContext {
  businessId: string;
  requestId: string;
  /** Aborted when the refresh's time is up or the process is stopping. */
  signal: AbortSignal;
  /** The connection the source names, or undefined when it names none. */
  connection: OpenConnection | undefined;
}

/**
 * How a widget gets its data. One module per kind; the registry (workers/sources/index.ts) lists them.
 * `fetch` resolves to a JSON value, or throws SourceError with a reason a person can read.
 */
export interface Source<Config extends { kind: string } = { kind: string }> {
  kind: Config['kind'];
  fetch(config: Config, context: SourceContext): Promise<unknown>;
}

export type SourceSchema<Config> = z.ZodType<Config>;
