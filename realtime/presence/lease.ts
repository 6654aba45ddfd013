import type { Database } from '../../db/database';
import type { Logger } from '../../lib/logger';
import { periodically, type Periodic } from '../periodic';
import type { PresentConnection } from './connection';
import { RENEW_MS } from './limits';
import { registerNode, renewLease } from './node';

export interface Lease extends Periodic {
  /** Writes this node and everyone on it down again; calls at the same time share one go. */
  register(): Promise<void>;
}

interface LeaseOptions {
  db: Database;
  logger: Logger;
  nodeId: string;
  /** Everyone on this node now. */
  connections(): PresentConnection[];
  /** After the rows were written again. `crashed`: because Postgres had lost some. */
  onRestored(crashed: boolean): void;
}

/** Keeps this node's lease. Resolves once the node is written down. */
export async function keepLease(options: LeaseOptions): Promise<Lease> {
  const { db, logger, nodeId, connections, onRestored } = options;
  let crash = await registerNode(db, nodeId, []);
  let registering: Promise<void> | undefined;

  async function restore(crashed: boolean): Promise<void> {
    crash = await registerNode(db, nodeId, connections());
    onRestored(crashed);
  }
  const register = (crashed: boolean) =>
    (registering ??= restore(crashed).finally(() => {
      registering = undefined;
    }));

  const renewal = periodically(RENEW_MS, 'presence lease', logger, async () => {
    const seen = await renewLease(db, nodeId);
    if (seen === crash) return;
    logger.warn(
      { nodeId },
      seen === undefined ? 'the presence lease ran out' : 'Postgres came back from a crash',
    );
    await register(seen !== undefined);
  });
  return { register: () => register(false), stop: renewal.stop };
}
