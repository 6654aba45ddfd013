/**
 * The work's result, unless it takes longer than `limitMs`. The work itself goes on; what becomes of it later is
 * nobody's concern any more.
 * @throws Error naming `what` once the time is over
 */
export async function withinLimit<T>(work: Promise<T>, limitMs: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not answer within ${limitMs} ms`)), limitMs);
  });
  work.catch(() => undefined);
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}

/** Calls `work`, unless an earlier call of it is still under way: then that one's result is everyone's. */
export function joined<T>(work: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | undefined;
  return () => {
    running ??= work().finally(() => {
      running = undefined;
    });
    return running;
  };
}

/** Remembers a result for `reuseMs`; a failure is not remembered. */
export function reused<T>(work: () => Promise<T>, reuseMs: number): () => Promise<T> {
  const join = joined(work);
  let last: { at: number; result: T } | undefined;
  return async () => {
    if (last && performance.now() - last.at < reuseMs) return last.result;
    const result = await join();
    last = { at: performance.now(), result };
    return result;
  };
}

/**
 * Runs `work` with a signal that is aborted when `signal` is, or once `limitMs` are over. Not AbortSignal.any and
 * AbortSignal.timeout, which cost 30 µs for every job that needs neither in the end.
 */
export async function withSignal<T>(
  signal: AbortSignal,
  limitMs: number,
  work: (limited: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = new AbortController();
  const follow = () => limit.abort(signal.reason);
  if (signal.aborted) follow();
  signal.addEventListener('abort', follow, { once: true });
  const timer = setTimeout(
    () => limit.abort(new DOMException(`Not done within ${limitMs} ms`, 'TimeoutError')),
    limitMs,
  );
  try {
    return await work(limit.signal);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', follow);
  }
}
