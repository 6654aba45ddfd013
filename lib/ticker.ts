export interface Ticker {
  /** Resolves at the next tick. */
  next(): Promise<void>;
}

/**
 * One timer for all who wait, which runs while any of them does: what they do then meets, and leaves together.
 * @param everyMs between two ticks
 */
export function createTicker(everyMs: number): Ticker {
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
      timer ??= setInterval(tick, everyMs);
      return new Promise((resolve) => waiting.push(resolve));
    },
  };
}
