import { RateLimiterRedis } from 'rate-limiter-flexible';
import type { Broker } from '../../lib/broker';
import type { Logger } from '../../lib/logger';
import { withinLimit } from '../../lib/within-limit';

/** So often in a time, per caller. */
export interface RateLimit {
  /** Requests. */
  points: number;
  seconds: number;
}

export interface Counted {
  /** Requests of this window, in all processes as far as this one knows. */
  used: number;
  /** Until the window ends. */
  msLeft: number;
}

/**
 * How often a process adds what it counted to the shared count, ms. In between it lets through what it can't know
 * of: with n processes a caller gets at most what n - 1 of them let through in this time on top of the limit. In
 * return no request waits for Redis, and a caller costs ten commands a second however many requests they send.
 */
const SHARE_EVERY_MS = 100;
/** How long somebody who asks for their count waits for Redis, ms. */
const LOOK_LIMIT_MS = 500;
/** Past this many callers those whose window is over are forgotten. */
const MAX_CALLERS = 10_000;

interface Count {
  /** In all processes, when last told. */
  known: number;
  /** On its way to Redis. */
  sending: number;
  /** Counted here since. */
  unsent: number;
  endsAt: number;
}

/** Counts of requests per caller in a fixed window, which begins with the first one. */
export interface SharedCounts {
  /** Counts one where that stays within the limit. @returns undefined then; else what was used, uncounted */
  take(key: string): Counted | undefined;
  /** What was used, after asking the other processes. */
  look(key: string): Promise<Counted>;
}

/**
 * On Redis where there is one, for all processes; else in this process's memory. While Redis is away each process
 * goes on with what it counts itself: nobody is refused because of that, and nobody is without any limit.
 * @param name of the limit; part of the key on Redis
 */
export function createSharedCounts(
  name: string,
  { points, seconds }: RateLimit,
  { broker, logger }: { broker: Pick<Broker, 'limiterStore'>; logger: Logger },
): SharedCounts {
  const counts = new Map<string, Count>();
  const changed = new Map<string, Count>();
  let timer: NodeJS.Timeout | undefined;
  let isAway = false;
  let limiter: RateLimiterRedis | undefined;

  /** Undefined in one process. Made late: nothing connects before it is used. */
  const shared = (): RateLimiterRedis | undefined => {
    const storeClient = broker.limiterStore();
    if (!storeClient) return undefined;
    // What is over is judged here, so the library's limit never refuses.
    const options = { points: Number.MAX_SAFE_INTEGER, duration: seconds, keyPrefix: `liveboard-${name}` };
    return (limiter ??= new RateLimiterRedis({ ...options, storeClient }));
  };

  function countOf(key: string): Count {
    const now = Date.now();
    const found = counts.get(key);
    if (found && now < found.endsAt) return found;
    if (counts.size > MAX_CALLERS) {
      for (const [each, { endsAt }] of counts) if (now >= endsAt) counts.delete(each);
    }
    const made = { known: 0, sending: 0, unsent: 0, endsAt: now + seconds * 1_000 };
    counts.set(key, made);
    return made;
  }

  async function share(key: string, count: Count): Promise<void> {
    const store = shared();
    if (!store || count.sending > 0) return;
    count.sending = count.unsent;
    count.unsent = 0;
    try {
      const told = count.sending > 0 ? await store.consume(key, count.sending) : await store.get(key);
      count.known = told?.consumedPoints ?? 0;
      if (told) count.endsAt = Date.now() + told.msBeforeNext;
      if (isAway) logger.info({ limit: name }, 'requests are counted for all processes again');
      isAway = false;
    } catch (error) {
      count.known += count.sending;
      if (!isAway)
        logger.warn({ err: error, limit: name }, 'requests are counted per process: Redis is away');
      isAway = true;
    } finally {
      count.sending = 0;
    }
  }

  function shareAll(): void {
    timer = undefined;
    const all = [...changed];
    changed.clear();
    for (const [key, count] of all) {
      // One that is still waiting for its last answer comes again.
      if (count.sending > 0) remember(key, count);
      else void share(key, count);
    }
  }

  function remember(key: string, count: Count): void {
    changed.set(key, count);
    timer ??= setTimeout(shareAll, SHARE_EVERY_MS).unref();
  }

  const toldOf = ({ known, sending, unsent, endsAt }: Count): Counted => ({
    used: known + sending + unsent,
    msLeft: Math.max(0, endsAt - Date.now()),
  });

  return {
    take(key) {
      const count = countOf(key);
      const told = toldOf(count);
      if (told.used >= points) return told;
      count.unsent += 1;
      if (shared()) remember(key, count);
      return undefined;
    },
    async look(key) {
      const count = countOf(key);
      // Without an answer it is this process's own count.
      await withinLimit(share(key, count), LOOK_LIMIT_MS, 'Redis').catch(() => undefined);
      return toldOf(count);
    },
  };
}
