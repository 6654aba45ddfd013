export interface Ticker {
  /** Resolves at the next tick. */
  next(): Promise<void>;
}

/**
 * One timer for all who wait, which runs while any of them does: what they do then meets, and leaves together.
 * @param everyMs between two ticks, by how many there were at the last one
 */
export function createTicker(everyMs: (waiting: number) => number): Ticker {
  let waiting: (() => void)[] = [];
  let timer: NodeJS.Timeout | undefined;
  let last = 0;

  function tick(): void {
    const due = waiting;
    waiting = [];
    timer = undefined;
    last = due.length;
    for (const resolve of due) resolve();
  }

  return {
    next() {
      timer ??= setTimeout(tick, everyMs(last));
      return new Promise((resolve) => waiting.push(resolve));
    },
  };
}
