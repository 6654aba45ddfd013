import { Pool } from 'pg';
import type { Logger } from '../../lib/logger';
import { periodically } from '../../realtime/periodic';
import { advance } from '../store/simulate';
import { latestOrder, type LatestOrder } from './latest-order';

/** How often orders that were placed meanwhile come in, ms: soon enough to look live. */
const FEED_EVERY_MS = 1_000;

interface OrderFeedOptions {
  /** Of the role that owns the simulated shop. */
  storeUrl: string;
  logger: Logger;
  /** Called with the newest order once at the start, and whenever orders came in. */
  onOrder: (order: LatestOrder) => Promise<void>;
}

/**
 * Keeps the simulated shop up to date. It may be stopped and killed at will: the next one makes up for the time
 * in between.
 */
export function startOrderFeed({ storeUrl, logger, onOrder }: OrderFeedOptions): { stop(): Promise<void> } {
  const store = new Pool({ connectionString: storeUrl, max: 1, application_name: 'liveboard-demo' });
  // The shop's server was restarted: the next run connects anew.
  store.on('error', (error) => logger.debug({ err: error }, 'the demo shop’s connection broke'));
  let isTold = false;
  const feed = periodically(FEED_EVERY_MS, 'demo order feed', logger, async () => {
    const came = await advance(store, new Date());
    if (came > 0) isTold = false;
    if (isTold) return;
    const order = await latestOrder(store);
    if (order) await onOrder(order);
    isTold = true;
  });
  return {
    async stop() {
      await feed.stop();
      await store.end();
    },
  };
}
