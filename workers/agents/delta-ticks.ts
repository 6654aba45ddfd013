import { createTicker } from '../../lib/ticker';

/** Deltas leave at most once in this time, ms (product.md): people see no difference, sockets do. */
export const DELTA_EVERY_MS = 40;

/** Of a process with many replies at once, ms: a screen that shows eight pieces a second still flows. */
const DELTA_AT_LEAST_EVERY_MS = 120;
/** Each delta costs sockets and servers their part, whatever its length: 2,500 a second take a sixth of a core there. */
const MOST_DELTAS_PER_SECOND = 2_500;

/**
 * Moments in that time at which pieces leave: with one, all 200 replies of a process are at work at once, and whoever
 * asks something waits behind them. Sixteen in place of four took 20 to 30 ms off a token's way (p99). The pieces of
 * one person leave together, and share a message.
 */
const PHASES = 16;

/** Replies of this process whose text is flowing. */
let flowing = 0;

const everyMs = (): number =>
  Math.min(Math.max(DELTA_EVERY_MS, (flowing * 1_000) / MOST_DELTAS_PER_SECOND), DELTA_AT_LEAST_EVERY_MS);

const tickers = Array.from({ length: PHASES }, () => createTicker(everyMs));

/** The moments at which pieces of one reply leave, while its text flows. */
export interface Flow {
  /** Resolves at the next of them. */
  next(): Promise<void>;
  end(): void;
}

/** @param userId whom the reply is for */
export function beginFlow(userId: string): Flow {
  flowing += 1;
  const phase = Number.parseInt(userId.slice(-1), 16) % PHASES;
  const { next } = tickers[phase] as (typeof tickers)[number];
  return { next, end: () => void (flowing -= 1) };
}

/** Are there so many replies that their pieces leave less often? */
export const isCrowded = (): boolean => everyMs() > DELTA_EVERY_MS;
