import type { Ticker } from '../../lib/ticker';
import { delay } from './faults';

/** How many pieces go out before other connections get their turn, where no speed is set. */
const PIECES_PER_TURN = 256;

/**
 * Yields how many more tokens may go out now, until `gone`.
 * @param tokensPerSecond undefined: as fast as they are taken
 */
export async function* pace(
  ticker: Ticker,
  tokensPerSecond: number | undefined,
  gone: AbortSignal,
): AsyncGenerator<number> {
  const begun = performance.now();
  let given = 0;
  // Behind a tick that comes a hair too early, the first token would be a whole tick late.
  if (tokensPerSecond !== undefined) {
    await delay(Math.ceil(1_000 / tokensPerSecond) + 1, gone);
  }
  while (!gone.aborted) {
    if (tokensPerSecond === undefined) {
      yield PIECES_PER_TURN;
      await new Promise(setImmediate);
      continue;
    }
    const allowed = Math.floor(((performance.now() - begun) * tokensPerSecond) / 1_000) - given;
    if (allowed > 0) {
      given += allowed;
      yield allowed;
    }
    await ticker.next();
  }
}
