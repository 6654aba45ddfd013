import {
  RateLimiterMemory,
  RateLimiterRedis,
  type RateLimiterAbstract,
  type RateLimiterRes,
} from 'rate-limiter-flexible';
import type { Parts } from '../../compose/parts';
import { tenantStatement, type Statement, type Transaction } from '../../db/scope';
import type { Actor } from '../../domain/roles';
import { HttpError } from '../../lib/errors';

/** Chats of one person in one business, by window; the limits are the business's (product.md, Limits). */
const WINDOWS = [
  { name: 'minute', seconds: 60, column: 'perMinute' },
  { name: 'hour', seconds: 3_600, column: 'perHour' },
  { name: 'day', seconds: 86_400, column: 'perDay' },
] as const;

type Limits = Record<(typeof WINDOWS)[number]['column'], number>;

const LIMITS: Statement = {
  name: 'chat-limits',
  text: `select chats_per_minute as "perMinute", chats_per_hour as "perHour", chats_per_day as "perDay"
           from businesses where id = $1`,
};

export interface ChatAllowance {
  window: 'minute' | 'hour' | 'day';
  limit: number;
  remaining: number;
  /** ISO 8601; null while nothing was used. */
  resetsAt: string | null;
}

export interface ChatLimit {
  /**
   * Counts one chat.
   * @param tx the caller's, in which the limits are read: a second connection, asked for by who holds one while all
   *   others wait for them (twins under one Idempotency-Key), would never come
   * @throws HttpError 429 with Retry-After and RateLimit-* where a window is used up
   */
  consume(actor: Actor, tx: Transaction): Promise<void>;
  /** Takes back one that came to nothing. */
  giveBack(actor: Actor): Promise<void>;
  show(actor: Actor): Promise<ChatAllowance[]>;
}

const keyOf = ({ businessId, userId }: Actor) => `${businessId}:${userId}`;
const secondsOf = ({ msBeforeNext }: RateLimiterRes) => Math.max(1, Math.ceil(msBeforeNext / 1000));

/**
 * On Redis where there is one, for all processes; in memory in one. While Redis is away chats are let through: a
 * budget holds the money, and an answer is worth more than the count.
 */
export function createChatLimit({ db, broker, logger }: Pick<Parts, 'db' | 'broker' | 'logger'>): ChatLimit {
  let made: RateLimiterAbstract[] | undefined;
  const limiters = () =>
    (made ??= WINDOWS.map(({ name, seconds }) => {
      const storeClient = broker.limiterStore();
      // What is over is judged below, by the business's own limits, so the library's never refuses.
      const options = {
        points: Number.MAX_SAFE_INTEGER,
        duration: seconds,
        keyPrefix: `liveboard-chat-${name}`,
      };
      return storeClient ? new RateLimiterRedis({ ...options, storeClient }) : new RateLimiterMemory(options);
    }));
  const limitsOf = async (actor: Actor): Promise<Limits> => {
    const [limits] = await tenantStatement<Limits>(db, actor.businessId, LIMITS, [actor.businessId]);
    if (!limits) throw new Error('The business is gone.');
    return limits;
  };
  const reward = (actor: Actor) =>
    Promise.all(limiters().map((limiter) => limiter.reward(keyOf(actor), 1))).catch((error: unknown) =>
      logger.warn({ err: error }, 'a chat could not be uncounted'),
    );

  return {
    async consume(actor, tx) {
      const counting = Promise.all(limiters().map((limiter) => limiter.consume(keyOf(actor), 1))).catch(
        (error: unknown): RateLimiterRes[] => {
          logger.warn({ err: error }, 'chats are not counted: the broker is away');
          return [];
        },
      );
      const [limits] = await tx.query<Limits>(LIMITS, [actor.businessId]).catch(async (error: unknown) => {
        await counting;
        await reward(actor);
        throw error;
      });
      const counts = await counting;
      if (!limits) throw new Error('The business is gone.');
      const over = WINDOWS.findIndex(({ column }, at) => (counts[at]?.consumedPoints ?? 0) > limits[column]);
      if (over < 0) return;
      await reward(actor);
      const { name, column } = WINDOWS[over] as (typeof WINDOWS)[number];
      const seconds = secondsOf(counts[over] as RateLimiterRes);
      throw new HttpError(
        429,
        'rate_limited',
        `You can send ${limits[column]} messages a ${name}. Try again in ${seconds} s.`,
        undefined,
        {
          'Retry-After': String(seconds),
          'RateLimit-Limit': String(limits[column]),
          'RateLimit-Remaining': '0',
          'RateLimit-Reset': String(seconds),
        },
      );
    },
    giveBack: async (actor) => void (await reward(actor)),
    async show(actor) {
      const limits = await limitsOf(actor);
      const counts = await Promise.all(limiters().map((limiter) => limiter.get(keyOf(actor)))).catch(
        () => [],
      );
      return WINDOWS.map(({ name, column }, at) => {
        const count = counts[at];
        return {
          window: name,
          limit: limits[column],
          remaining: Math.max(0, limits[column] - (count?.consumedPoints ?? 0)),
          resetsAt: count ? new Date(Date.now() + count.msBeforeNext).toISOString() : null,
        };
      });
    },
  };
}
