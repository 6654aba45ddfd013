export type RefusalKind =
  'invalid' | 'unauthorized' | 'not_found' | 'too_large' | 'rate_limited' | 'overloaded' | 'server_error';

/** A request that is not answered. Each protocol puts it into its own shape and status. */
export class Refusal extends Error {
  /** OpenAI's `code` and `param`; Anthropic has neither. */
  readonly code: string | null;
  readonly param: string | null;
  readonly headers: Record<string, string>;

  constructor(
    readonly kind: RefusalKind,
    message: string,
    options: { code?: string; param?: string; headers?: Record<string, string> } = {},
  ) {
    super(message);
    this.name = 'Refusal';
    this.code = options.code ?? null;
    this.param = options.param ?? null;
    this.headers = options.headers ?? {};
  }
}

/** Anthropic says 529 where it is overloaded, OpenAI 503. */
export const REFUSAL_STATUS: Record<Exclude<RefusalKind, 'overloaded'>, number> = {
  invalid: 400,
  unauthorized: 401,
  not_found: 404,
  too_large: 413,
  rate_limited: 429,
  server_error: 500,
};
