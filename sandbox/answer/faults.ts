import { setTimeout as sleep } from 'node:timers/promises';
import type { Behaviour, Fault } from '../control/behaviour';
import { Refusal } from '../refusal';
import { failureMessage } from '../protocols/openai';
import type { Writer } from '../protocols/protocol';
import type { Exchange } from './exchange';

/**
 * The faults that come before anything is accepted. Without a stream that is an error of its own, too.
 * @throws Refusal
 */
export function refuseOnPurpose({ fault, retryAfterSeconds }: Behaviour, isStream: boolean): void {
  switch (fault) {
    case 'rate_limit':
      throw new Refusal('rate_limited', 'Rate limit reached. Please try again later.', {
        code: 'rate_limit_exceeded',
        headers: { 'retry-after': String(retryAfterSeconds) },
      });
    case 'overloaded':
      throw new Refusal('overloaded', 'Overloaded', { code: 'server_overloaded' });
    case 'server_error':
      throw new Refusal('server_error', failureMessage());
    case 'error_event':
    case 'failed':
      if (!isStream) throw new Refusal('server_error', failureMessage());
      return;
    default:
  }
}

const IN_MID_STREAM = ['stall', 'cut', 'reset', 'bad_json', 'error_event', 'failed'] as const;
type MidStreamFault = (typeof IN_MID_STREAM)[number];

export const isMidStream = (fault: Fault | undefined): fault is MidStreamFault =>
  (IN_MID_STREAM as readonly (Fault | undefined)[]).includes(fault);

/** Breaks a response whose headers are out. Resolves when the response has ended. */
export async function breakOff(exchange: Exchange, fault: MidStreamFault, writer: Writer): Promise<void> {
  const { response, gone, entry, billed, protocol } = exchange;
  entry.outcome = `fault:${fault}`;
  switch (fault) {
    case 'stall':
      return untilGone(gone);
    case 'reset':
      response.socket?.resetAndDestroy();
      return;
    case 'cut':
      response.end();
      return;
    case 'bad_json':
      response.end(protocol.malformedEvent);
      return;
    case 'error_event':
      response.end(writer.error());
      return;
    case 'failed':
      response.end(writer.failed(billed));
  }
}

function untilGone(gone: AbortSignal): Promise<void> {
  if (gone.aborted) return Promise.resolve();
  return new Promise((resolve) => gone.addEventListener('abort', () => resolve(), { once: true }));
}

/** Waits before the headers; shorter where the caller leaves. */
export async function delay(delayMs: number | undefined, gone: AbortSignal): Promise<void> {
  if (delayMs) await sleep(delayMs, undefined, { signal: gone }).catch(() => undefined);
}
