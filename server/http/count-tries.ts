import { sha256 } from '../../lib/ids';
import { networkOf } from './network-of';
import type { RateLimitName, RateLimits } from './rate-limits';

/** What a try is counted by: the network that it comes from, or the address in its body. */
const COUNTED_BY: Record<RateLimitName, 'network' | 'address'> = {
  login: 'network',
  register: 'network',
  passwordReset: 'address',
  mailRequest: 'network',
};

/** Before the body is read: who is over a limit is not listened to. @throws HttpError 429 */
export async function countNetwork(
  rateLimits: RateLimits,
  names: readonly RateLimitName[],
  ip: string,
): Promise<void> {
  for (const name of names) {
    if (COUNTED_BY[name] === 'network') await rateLimits.countTry(name, networkOf(ip));
  }
}

/**
 * By the `email` of a body that was checked. Only its hash goes to the store: who reads that learns of nobody.
 * @throws HttpError 429, the same for an address that nobody has
 */
export async function countAddress(
  rateLimits: RateLimits,
  names: readonly RateLimitName[],
  body: unknown,
): Promise<void> {
  for (const name of names) {
    if (COUNTED_BY[name] !== 'address') continue;
    const { email } = body as { email: string };
    await rateLimits.countTry(name, sha256(email.toLowerCase()));
  }
}
