import { retryAfterMs } from '../../sources/http/retry-after';
import { type CallFate, ProviderError, type ProviderErrorCode } from './provider';
import type { Wire } from './wire';

/** What providers put into an error's body, under whatever depth. */
interface ErrorBody {
  code: string | undefined;
  type: string | undefined;
  param: string | undefined;
  message: string;
}

/** A provider's word that may be shown: an identifier, not a sentence, not a key. */
const IDENTIFIER = /^[a-z][a-z0-9_.[\]]{0,63}$/;

const CONTEXT_CODES = new Set([
  'context_length_exceeded',
  'context_window_exceeded',
  // llama.cpp's server
  'exceed_context_size_error',
  // Anthropic, with 413
  'request_too_large',
]);

/** Credit is used up: more tries don't help until someone pays. */
const CREDIT_CODES = new Set(['insufficient_quota', 'billing_error', 'billing_hard_limit_reached']);

/** Anthropic and vLLM refuse a long prompt as any bad request: nothing but the text tells it apart. */
const CONTEXT_TEXT = /prompt is too long|maximum context length|context (?:length|window|size)/i;

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

/** OpenAI's SDK gives the body's `error`, Anthropic's the body. */
function bodyOf(error: unknown): ErrorBody {
  const outer = isRecord(error) && isRecord(error.error) ? error.error : {};
  const inner = isRecord(outer.error) ? outer.error : outer;
  const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
  return {
    code: text(inner.code),
    type: text(inner.type),
    param: text(inner.param),
    message: text(inner.message) ?? '',
  };
}

const BY_STATUS: Record<number, [ProviderErrorCode, string]> = {
  401: ['unauthorized', "The provider doesn't accept the API key."],
  402: ['unauthorized', "The provider's account has no credit left."],
  403: ['unauthorized', "The API key isn't allowed to do this at the provider."],
  404: ['unknown_model', 'The provider has no such model, or not at this address.'],
  408: ['server_error', "The provider didn't get the request in time."],
  413: ['context_too_long', 'The conversation is too long for the provider.'],
  429: ['rate_limited', 'The provider takes no more requests for now.'],
  503: ['overloaded', 'The provider is overloaded.'],
  529: ['overloaded', 'The provider is overloaded.'],
};

function explain(status: number, body: ErrorBody): [ProviderErrorCode, string] {
  const names = [body.code, body.type].filter((name) => name !== undefined);
  if (names.some((name) => CREDIT_CODES.has(name))) {
    return ['unauthorized', "The provider's account has no credit left."];
  }
  if (names.some((name) => CONTEXT_CODES.has(name)) || (status === 400 && CONTEXT_TEXT.test(body.message))) {
    return ['context_too_long', "The conversation is longer than the model's context."];
  }
  if (names.includes('model_not_found')) return ['unknown_model', 'The provider has no such model.'];
  const known = BY_STATUS[status];
  if (known) return known;
  if (status >= 500) return ['server_error', `The provider failed with status ${status}.`];
  if (status < 400)
    return ['bad_request', 'The provider redirects to another address, which is not followed.'];
  const reason = [body.code ?? body.type, body.param]
    .filter((word) => word && IDENTIFIER.test(word))
    .join(': ');
  return [
    'bad_request',
    `The provider refused the request${reason ? ` (${reason})` : ` with status ${status}`}.`,
  ];
}

/** OpenAI's `retry-after-ms` is the finer of the two. */
function retryAfter(wire: Wire): number | undefined {
  const ms = wire.headers['retry-after-ms'];
  const seconds =
    typeof ms === 'string' && /^\d+$/.test(ms) ? String(Math.ceil(Number(ms) / 1000)) : undefined;
  return retryAfterMs(seconds ?? wire.headers['retry-after'], Date.now());
}

/** An answer with an error status. @param error what the SDK made of it */
export function statusError(
  error: unknown,
  wire: Wire,
  about: { fate: CallFate; status: number | undefined; providerRequestId: string | undefined },
): ProviderError {
  const [code, message] = explain(wire.status ?? 0, bodyOf(error));
  return new ProviderError(code, message, { ...about, retryAfterMs: retryAfter(wire) });
}
