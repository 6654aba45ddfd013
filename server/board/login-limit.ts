import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { tooManyRequests } from '../../lib/errors';
import { networkOf } from '../http/network-of';

/** Tries to log in that one address may make in a minute. */
const TRIES = 10;
const WINDOW_SECONDS = 60;

/**
 * Per process: behind several servers an address has as many tries at each, which still is far from guessing, and
 * operators can log in while Redis is away, when they need to most.
 * @returns a function that counts a try and throws HttpError 429 once there were too many
 */
export function createLoginLimit(): (ip: string) => Promise<void> {
  const limiter = new RateLimiterMemory({ points: TRIES, duration: WINDOW_SECONDS });
  return async (ip) => {
    try {
      await limiter.consume(networkOf(ip));
    } catch (rejection) {
      if (!(rejection instanceof RateLimiterRes)) throw rejection;
      const seconds = Math.max(1, Math.ceil(rejection.msBeforeNext / 1000));
      throw tooManyRequests(`Too many tries. Try again in ${seconds} s.`, seconds);
    }
  };
}
