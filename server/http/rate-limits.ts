import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes } from 'rate-limiter-flexible';
import type { Parts } from '../../compose/parts';
import type { Actor } from '../../domain/roles';
import { HttpError } from '../../lib/errors';
import { withinLimit } from '../../lib/within-limit';
import { createSharedCounts, type RateLimit } from './shared-counts';

/** Every limit of the API but those of chats, which are the business's own (server/chat/limit). */
export const RATE_LIMITS = {
  /** Tries to log in from one network (network-of.ts). */
  login: { points: 10, seconds: 60 },
  /** Registrations from one network: each costs an Argon2id hash, and tells whether an address is taken. */
  register: { points: 5, seconds: 3_600 },
  /** Mails to one address that a stranger can cause. */
  passwordReset: { points: 3, seconds: 3_600 },
  /** Mails that strangers of one network can cause, to whatever addresses. */
  mailRequest: { points: 20, seconds: 3_600 },
  /** Requests of one person in one business. */
  user: { points: 300, seconds: 60 },
  /** Requests of everybody in one business, their API keys included. */
  business: { points: 1_500, seconds: 60 },
  /** Requests with one API key; they do not count as its person's. */
  apiKey: { points: 600, seconds: 60 },
} as const satisfies Record<string, RateLimit>;

/** Whoever composes a server may set others. */
export type RateLimitTable = Record<keyof typeof RATE_LIMITS, RateLimit>;

/** What a route names in `limits`: things that are tried before anybody has logged in. */
export type RateLimitName = 'login' | 'register' | 'passwordReset' | 'mailRequest';

/** Longest a try waits for the shared count, ms; past it this process's own count decides. */
const COUNT_LIMIT_MS = 500;

export interface Allowance {
  name: 'user' | 'business' | 'apiKey';
  window: 'minute';
  points: number;
  used: number;
  msLeft: number;
}

export interface RateLimits {
  /**
   * Counts a request of somebody who has logged in, or of an API key. Never waits.
   * @throws HttpError 429 with Retry-After and RateLimit-*
   */
  countRequest(actor: Actor): void;
  /**
   * Counts a try, in one round trip.
   * @param caller the network, or the hash of the address
   * @throws HttpError 429 with Retry-After and RateLimit-*
   */
  countTry(name: RateLimitName, caller: string): Promise<void>;
  /** What the actor has left, this request included. */
  show(actor: Actor): Promise<Allowance[]>;
}

const UNITS: Record<number, string> = { 60: 'minute', 3_600: 'hour' };

const SUBJECTS: Record<keyof typeof RATE_LIMITS, (often: string) => string> = {
  login: (often) => `From one network one can try to log in ${often}.`,
  register: (often) => `From one network one can register ${often}.`,
  mailRequest: (often) => `From one network one can ask for such a mail ${often}.`,
  passwordReset: (often) => `One address is sent such a mail ${often} at most.`,
  user: (often) => `You can send ${often.replace(' times', ' requests')}.`,
  business: (often) => `Your business can send ${often.replace(' times', ' requests')} altogether.`,
  apiKey: (often) => `One API key can send ${often.replace(' times', ' requests')}.`,
};

function refusal(name: keyof typeof RATE_LIMITS, { points, seconds }: RateLimit, msLeft: number): HttpError {
  const wait = Math.max(1, Math.ceil(msLeft / 1_000));
  const often = `${points.toLocaleString('en')} times ${UNITS[seconds] ? `a ${UNITS[seconds]}` : `in ${seconds} s`}`;
  return new HttpError(429, 'rate_limited', `${SUBJECTS[name](often)} Try again in ${wait} s.`, undefined, {
    'Retry-After': String(wait),
    'RateLimit-Limit': String(points),
    'RateLimit-Remaining': '0',
    'RateLimit-Reset': String(wait),
  });
}

/**
 * On Redis where there is one, for all processes; else in memory. While Redis is away, each process counts for
 * itself: nobody waits for it or is refused because of it.
 */
export function createRateLimits(
  parts: Pick<Parts, 'broker' | 'logger'>,
  limits: RateLimitTable = RATE_LIMITS,
): RateLimits {
  const { broker, logger } = parts;
  const requests = {
    user: createSharedCounts('user', limits.user, parts),
    business: createSharedCounts('business', limits.business, parts),
    apiKey: createSharedCounts('apiKey', limits.apiKey, parts),
  };
  const tries = new Map<RateLimitName, ReturnType<typeof createTries>>();

  function createTries(name: RateLimitName) {
    const { points, seconds: duration } = limits[name];
    const options = { points, duration, keyPrefix: `liveboard-${name}` };
    const own = new RateLimiterMemory(options);
    const storeClient = broker.limiterStore();
    const shared = storeClient && new RateLimiterRedis({ ...options, storeClient });
    return async (caller: string): Promise<void> => {
      if (!shared) return void (await own.consume(caller));
      try {
        await withinLimit(shared.consume(caller), COUNT_LIMIT_MS, 'Redis');
      } catch (error) {
        if (error instanceof RateLimiterRes) throw error;
        logger.warn({ err: error, limit: name }, 'tries are counted per process: Redis is away');
        await own.consume(caller);
      }
    };
  }

  const countedAs = ({ apiKey, userId, businessId }: Actor) =>
    apiKey
      ? ({ name: 'apiKey', key: apiKey.id } as const)
      : ({ name: 'user', key: `${businessId}:${userId}` } as const);

  return {
    countRequest(actor) {
      const { name, key } = countedAs(actor);
      const over = requests[name].take(key);
      if (over) throw refusal(name, limits[name], over.msLeft);
      const allOver = requests.business.take(actor.businessId);
      if (allOver) throw refusal('business', limits.business, allOver.msLeft);
    },
    async countTry(name, caller) {
      if (!tries.has(name)) tries.set(name, createTries(name));
      try {
        await tries.get(name)?.(caller);
      } catch (rejection) {
        if (!(rejection instanceof RateLimiterRes)) throw rejection;
        throw refusal(name, limits[name], rejection.msBeforeNext);
      }
    },
    async show(actor) {
      const { name, key } = countedAs(actor);
      const [own, all] = await Promise.all([
        requests[name].look(key),
        requests.business.look(actor.businessId),
      ]);
      return [
        { name, window: 'minute', points: limits[name].points, ...own },
        { name: 'business', window: 'minute', points: limits.business.points, ...all },
      ];
    },
  };
}
