import {
  APIConnectionError as AnthropicConnectionError,
  APIError as AnthropicApiError,
} from '@anthropic-ai/sdk';
import { APIConnectionError as OpenAiConnectionError, APIError as OpenAiApiError } from 'openai';
import { SourceError } from '../../../lib/errors';
import { errorCode } from '../../sources/error-code';
import { networkError } from '../../sources/http/network-error';
import { type CallFate, ProviderError, type ProviderErrorCode } from './provider';
import { statusError } from './status-error';
import type { Wire } from './wire';

/** A reply that isn't what its protocol promises, found while reading it. */
export class StreamFault extends Error {
  constructor(
    readonly code: 'cut' | 'malformed' | 'stream_error',
    message: string,
  ) {
    super(message);
    this.name = 'StreamFault';
  }
}

/** Who ended a call from our side. */
export type Ending = 'aborted' | 'stalled' | undefined;

/** The provider's own name of a request, whichever of the two headers it uses. */
export function providerRequestIdOf(wire: Wire): string | undefined {
  const id = wire.headers['x-request-id'] ?? wire.headers['request-id'];
  return typeof id === 'string' ? id : undefined;
}

/** A gateway that gave up waiting (504, Cloudflare's 524): what stands behind it may be at work, and bill it. */
const GAVE_UP_WAITING = new Set([504, 524]);

function fateOf(wire: Wire): CallFate {
  if (!wire.isSent) return 'unsent';
  return wire.isRefused && !GAVE_UP_WAITING.has(wire.status ?? 0) ? 'refused' : 'ambiguous';
}

/** Errors that the SDKs make of an `error` event in a stream: theirs, but of no HTTP status. */
function isErrorEvent(error: unknown): boolean {
  const isApiError = error instanceof OpenAiApiError || error instanceof AnthropicApiError;
  return isApiError && !(error instanceof OpenAiConnectionError || error instanceof AnthropicConnectionError);
}

/** The HTTP parser's refusals (llhttp `HPE_...`) and undici's own. */
const isNotHttp = (code: string): boolean => code.startsWith('HPE_') || code === 'UND_ERR_HEADERS_OVERFLOW';

function explain(error: unknown, wire: Wire): { code: ProviderErrorCode; message: string; cause?: unknown } {
  if (error instanceof SourceError) {
    const code = error.code === 'address_not_allowed' ? 'bad_request' : 'unreachable';
    return { code, message: `The provider can't be reached: ${error.message}`, cause: error };
  }
  if (wire.refusal !== undefined) return { code: 'malformed', message: wire.refusal };
  if (error instanceof StreamFault) return error;
  if (wire.error !== undefined) {
    const reason = networkError(wire.error).message;
    const code = isNotHttp(errorCode(wire.error)) ? 'malformed' : wire.isSent ? 'cut' : 'unreachable';
    return { code, message: `The call to the provider failed: ${reason}`, cause: wire.error };
  }
  // No cause from here on: what fetch says of a header quotes it, and what a parser says of a reply quotes that.
  if (!wire.isSent) return { code: 'bad_request', message: "The provider's address or key can't be used." };
  if (isErrorEvent(error)) {
    return { code: 'stream_error', message: 'The provider broke its reply off with an error.' };
  }
  return { code: 'malformed', message: 'The provider answered with something that is not its protocol.' };
}

/**
 * Why a call failed, and what it means for the bill. Told by what was seen on the wire and by classes, statuses and
 * codes; messages are ours, for a person, and hold nothing of keys, bodies or addresses.
 */
export function toProviderError(
  error: unknown,
  wire: Wire,
  ending: Ending,
  idleTimeoutMs: number,
): ProviderError {
  const fate = fateOf(wire);
  const about = { fate, status: wire.status, providerRequestId: providerRequestIdOf(wire) };
  if (ending === 'aborted') return new ProviderError('aborted', 'The call was stopped.', about);
  if (wire.isRefused) return statusError(error, wire, about);
  if (ending === 'stalled') {
    const code = wire.isSent ? 'stalled' : 'unreachable';
    return new ProviderError(code, `The provider sent nothing for ${idleTimeoutMs / 1000} s.`, about);
  }
  const { code, message, cause } = explain(error, wire);
  return new ProviderError(code, message, { ...about, cause });
}
