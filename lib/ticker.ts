export interface Ticker {
  /** Resolves at the next tick. */
  next(): Promise<void>;
}

/**
 * One timer for all who wait, which runs while any of them does: what they do then meets, and leaves together.
 * @param everyMs from the first who waits to the tick
 */
export function createTicker(everyMs: () => number): Ticker {
  let waiting: (() => void)[] = [];
  let timer: NodeJS.Timeout | undefined;

  function tick(): void {
    const due = waiting;
    waiting = [];
    timer = undefined;
    for (const resolve of due) resolve();
  }

  return {
    next() {
      timer ??= setTimeout(tick, everyMs());
      return new Promise((resolve) => waiting.push(resolve));
    },
  };
}
