import { setTimeout as sleep } from 'node:timers/promises';

/** Full jitter: anything from 0 to a ceiling that doubles with each try (from 0 on), ms. */
export const jitterMs = (tries: number, baseMs: number, maxMs: number): number =>
  Math.round(Math.random() * Math.min(maxMs, baseMs * 2 ** tries));

/** @throws the signal's reason once it is aborted */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}
