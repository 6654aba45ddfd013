import { addGauges, gaugeOf } from './gauges';
import type { Metrics } from './metrics';

/** Connections of this process's pool: in use, idle, and how many callers wait for one. */
export interface PoolState {
  used: number;
  free: number;
  waiting: number;
}

/** What is due and not yet taken by a worker. */
export interface Backlog {
  lane: string;
  due: number;
  /** How long the first of them has been due, ms; 0 where nothing is. */
  oldestMs: number;
}

export function observePool(metrics: Metrics, read: () => PoolState): void {
  const connections = gaugeOf(
    metrics,
    'liveboard_postgres_pool_connections',
    'Pooled connections to Postgres by state; `waiting` are callers without one.',
    ['state'],
  );
  metrics.addCollector(async () => {
    for (const [state, count] of Object.entries(read())) connections.set({ state }, count);
  });
}

export function observeBacklog(metrics: Metrics, read: () => Promise<Backlog[]>): void {
  const due = gaugeOf(metrics, 'liveboard_due_widgets', 'Widgets that are due and wait for a worker.', [
    'lane',
  ]);
  const oldest = gaugeOf(
    metrics,
    'liveboard_due_widgets_oldest_seconds',
    'How long the first of the waiting widgets has been due.',
    ['lane'],
  );
  addGauges(metrics, 'due-widgets', [due, oldest], read, (backlogs) => {
    for (const { lane, due: count, oldestMs } of backlogs) {
      due.set({ lane }, count);
      oldest.set({ lane }, oldestMs / 1000);
    }
  });
}
