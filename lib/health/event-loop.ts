import { monitorEventLoopDelay } from 'node:perf_hooks';

/** How often the loop is looked at, ms. Node's histogram holds whole intervals, so this much is taken off again. */
const RESOLUTION_MS = 10;
/** Figures are those of the last full window of this length, ms. */
const WINDOW_MS = 10_000;

export interface EventLoopLag {
  p50Ms: number;
  p99Ms: number;
}

/** Watches how late this process's event loop is. Holds no process open. */
export function watchEventLoop(): { lag(): EventLoopLag; close(): void } {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  const percentile = (rank: number) => {
    const ms = histogram.percentile(rank) / 1e6 - RESOLUTION_MS;
    return Math.max(0, Math.round(ms * 100) / 100);
  };
  const current = (): EventLoopLag =>
    histogram.count === 0 ? { p50Ms: 0, p99Ms: 0 } : { p50Ms: percentile(50), p99Ms: percentile(99) };
  let lastWindow: EventLoopLag | undefined;
  const timer = setInterval(() => {
    lastWindow = current();
    histogram.reset();
  }, WINDOW_MS).unref();
  return {
    lag: () => lastWindow ?? current(),
    close() {
      clearInterval(timer);
      histogram.disable();
    },
  };
}
