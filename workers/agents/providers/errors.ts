import { errors } from 'undici';
import { SourceError } from '../../../lib/errors';
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

function explain(error: unknown, wire: Wire): { code: ProviderErrorCode; message: string; cause?: unknown } {
  if (error instanceof SourceError) {
    const code = error.code === 'address_not_allowed' ? 'bad_request' : 'unreachable';
    return { code, message: `The provider can't be reached: ${error.message}`, cause: error };
  }
  if (wire.refusal !== undefined) return { code: 'malformed', message: wire.refusal };
  if (error instanceof StreamFault) return error;
  // No cause here, nor below: the parsers' errors hold what they couldn't read, and fetch quotes a header it refuses.
  if (wire.error instanceof errors.HTTPParserError || wire.error instanceof errors.HeadersOverflowError) {
    return { code: 'malformed', message: 'The provider answered with something that is not HTTP.' };
  }
  if (wire.error !== undefined) {
    const reason = networkError(wire.error).message;
    const code = wire.isSent ? 'cut' : 'unreachable';
    return { code, message: `The call to the provider failed: ${reason}`, cause: wire.error };
  }
  if (!wire.isSent) return { code: 'bad_request', message: "The provider's address or key can't be used." };
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
