import type { Database } from '../../db/database';
import { withSystem, type Statement } from '../../db/scope';
import type { Logger } from '../../lib/logger';
import type { Place } from './connection';
import { BATCH_MS, BATCH_RETRY_MS, BUSY_BATCH_MS, BUSY_PLACES, LEAVE_GRACE_MS } from './limits';
import { settle, type SettledDiff } from './settle';

const DISCONNECT: Statement = {
  name: 'presence-disconnect',
  text: `delete from presence_connections where id = any($1::uuid[])`,
};

/** Changes on this node, written and announced together. */
export interface Batch {
  /** These people's presence may have changed. */
  touch(places: readonly Place[]): void;
  /** This connection is gone, and with it what it had open. */
  remove(connectionId: string, places: readonly Place[]): void;
  /** Begins no more batches; resolves when the one under way has ended. */
  stop(): Promise<void>;
}

/**
 * Collects changes for a moment, so that a thousand sockets that close at once are one transaction and, in each
 * place, one diff. Across tenants, since the sockets of a node are. A batch that fails is tried again.
 */
export function createBatch(db: Database, logger: Logger, announce: (diffs: SettledDiff[]) => void): Batch {
  let removed: string[] = [];
  let places: Place[] = [];
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> | undefined;
  let stopped = false;
  let pause = BATCH_MS;

  const schedule = () => {
    if (!stopped && !timer && !writing) timer = setTimeout(() => void (writing = write()), pause);
  };

  async function write(): Promise<void> {
    timer = undefined;
    const [ids, touched] = [removed, places];
    removed = [];
    places = [];
    pause = touched.length > BUSY_PLACES ? BUSY_BATCH_MS : BATCH_MS;
    try {
      announce(
        await withSystem(
          db,
          async (tx) => {
            const deleted = ids.length > 0 && tx.query(DISCONNECT, [ids]);
            const [, diffs] = await Promise.all([deleted, settle(tx, touched, LEAVE_GRACE_MS)]);
            return diffs;
          },
          { durable: false },
        ),
      );
    } catch (error) {
      logger.warn({ err: error, places: touched.length }, 'presence could not be written, trying again');
      removed = ids.concat(removed);
      places = touched.concat(places);
      pause = BATCH_RETRY_MS;
    }
    writing = undefined;
    if (places.length > 0) schedule();
  }

  return {
    touch(changed) {
      for (const place of changed) places.push(place);
      schedule();
    },
    remove(connectionId, changed) {
      removed.push(connectionId);
      this.touch(changed);
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await writing;
    },
  };
}
