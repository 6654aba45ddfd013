import { EVENTS_BURST, EVENTS_OVER_LIMIT, EVENTS_PER_SECOND } from './limits';
import type { SocketState } from './socket';

type Bucket = Pick<SocketState, 'tokens' | 'tokensAt' | 'overLimit'>;

/**
 * A token bucket, in the socket's own state.
 * @returns `flooding` once it went {@link EVENTS_OVER_LIMIT} events beyond its limit without a pause
 */
export function takeToken(bucket: Bucket, now = Date.now()): 'ok' | 'limited' | 'flooding' {
  const refill = Math.max(0, ((now - bucket.tokensAt) / 1_000) * EVENTS_PER_SECOND);
  bucket.tokens = Math.min(EVENTS_BURST, bucket.tokens + refill);
  bucket.tokensAt = now;
  if (bucket.tokens === EVENTS_BURST) bucket.overLimit = 0;
  if (bucket.tokens >= 1) {
    bucket.tokens -= 1;
    return 'ok';
  }
  bucket.overLimit += 1;
  return bucket.overLimit > EVENTS_OVER_LIMIT ? 'flooding' : 'limited';
}
