/** How often tokens go out, ms: at 50 tokens/s one per tick. */
const TICK_MS = 20;

export interface Ticker {
  /** Resolves at the next tick. */
  next(): Promise<void>;
}

/** One timer for all streams of a sandbox, which runs while any of them waits. */
export function createTicker(): Ticker {
  let waiting: (() => void)[] = [];
  let timer: NodeJS.Timeout | undefined;

  function tick(): void {
    const due = waiting;
    waiting = [];
    if (due.length === 0) {
      clearInterval(timer);
      timer = undefined;
    }
    for (const resolve of due) resolve();
  }

  return {
    next() {
      timer ??= setInterval(tick, TICK_MS);
      return new Promise((resolve) => waiting.push(resolve));
    },
  };
}

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
