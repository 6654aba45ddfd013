/**
 * Errors that cross a module boundary. Two families:
 *
 * - {@link HttpError}: what an HTTP or Socket.IO caller is told (product.md, "error").
 * - {@link SourceError}: why a widget could not be refreshed, and what that means for its next try.
 */

/** One offending place in the input: `path` is dotted (`source.url`), `message` is for a person. */
export interface ErrorDetail {
  path: string;
  message: string;
}

export class HttpError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly details?: ErrorDetail[],
    readonly headers?: Record<string, string>,
  ) {
    super(message);
    this.name = 'HttpError';
  }
}

export const badRequest = (message: string, details?: ErrorDetail[], code = 'invalid_request') =>
  new HttpError(400, code, message, details);
export const unauthorized = (message = 'Log in to do this.', code = 'unauthorized') =>
  new HttpError(401, code, message, undefined, { 'WWW-Authenticate': 'Bearer' });
export const forbidden = (message = 'Your role does not allow this.', code = 'forbidden') =>
  new HttpError(403, code, message);
/** Also the answer for what exists in another business, so that the two can't be told apart. */
export const notFound = (what = 'Resource') => new HttpError(404, 'not_found', `${what} not found.`);
export const conflict = (message: string, code = 'conflict', details?: ErrorDetail[]) =>
  new HttpError(409, code, message, details);
export const tooManyRequests = (message: string, retryAfterSeconds: number) =>
  new HttpError(429, 'rate_limited', message, undefined, { 'Retry-After': String(retryAfterSeconds) });

/** What a failed refresh means for the next one. */
export type SourceFailure =
  /** Try again after a backoff. */
  | 'retry'
  /** Trying again can't help until a person changes something (401, 403): pause at once. */
  | 'pause';

/**
 * A source could not produce data. `message` is shown to the person on their widget: it names what went
 * wrong in their words and holds no secret, no header value and no internal address.
 */
export class SourceError extends Error {
  readonly code: string;
  readonly failure: SourceFailure;
  /** Earliest next try, in ms from now, where the other side asked for it (Retry-After). */
  readonly retryAfterMs: number | undefined;

  constructor(
    code: string,
    message: string,
    options: { failure?: SourceFailure; retryAfterMs?: number; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = 'SourceError';
    this.code = code;
    this.failure = options.failure ?? 'retry';
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** A process can't start or go on as it is configured. `message` is the one clear line the operator sees. */
export class StartupError extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'StartupError';
  }
}
