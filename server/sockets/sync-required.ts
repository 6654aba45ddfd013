import type { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServerEvents } from '../../realtime/events';
import { SYNC_AFTER_MS, SYNC_SPREAD_MS, SYNC_SPREAD_STEPS } from './limits';
import type { SocketServer } from './socket';

type Reason = ServerEvents['sync.required']['reason'];

export interface SyncAnnouncer {
  /** Tells every client of this node that it may have missed events. A newer call takes the place of one under way. */
  announce(reason: Reason): void;
  stop(): void;
}

/** Also announces whenever the broker is back: what was published while it was away is lost. */
export function requireSyncWhenRestored(
  io: SocketServer,
  events: EventEmitter<{ lost: []; back: [] }>,
): SyncAnnouncer {
  let current = new AbortController();

  async function run(reason: Reason, signal: AbortSignal): Promise<void> {
    await sleep(SYNC_AFTER_MS, undefined, { signal });
    const sockets = [...io.sockets.sockets.values()];
    const perStep = Math.ceil(sockets.length / SYNC_SPREAD_STEPS);
    for (let start = 0; start < sockets.length; start += perStep) {
      for (const socket of sockets.slice(start, start + perStep)) socket.emit('sync.required', { reason });
      await sleep(SYNC_SPREAD_MS / SYNC_SPREAD_STEPS, undefined, { signal });
    }
  }

  const announce = (reason: Reason) => {
    current.abort();
    current = new AbortController();
    // Rejects only when it is aborted.
    run(reason, current.signal).catch(() => undefined);
  };
  const onBack = () => announce('broker_restored');
  events.on('back', onBack);
  return {
    announce,
    stop() {
      events.off('back', onBack);
      current.abort();
    },
  };
}
