import cron, { type ScheduledTask } from 'node-cron';
import type { MAINTENANCE_TASKS } from './maintenance';

/** What the ticks call; every process may run the table, each tick's work is done once. */
export interface ScheduledWork {
  /** Claims due widgets. One sweep at a time holds a lock in Postgres. */
  sweepDueWidgets(): Promise<void>;
  /** Hands over again what was lost. Claims are taken under a row lock, jobs under an id. */
  recoverRefreshes(): Promise<void>;
  /** Hands over agent runs that were lost. Each is handed out once, under a row lock. */
  recoverRuns(): Promise<void>;
  /** Lets runs go on whose person did not confirm in time. */
  expireConfirmations(): Promise<void>;
  /** Hands over mails that are due. Each is handed out once, under a row lock. */
  recoverMails(): Promise<void>;
  /** Renews this worker process's lease, by which the sweep counts slots. */
  renewWorkerLease(): Promise<void>;
  /** Enqueues upkeep under a job id made of task and minute. */
  enqueueMaintenance(task: (typeof MAINTENANCE_TASKS)[number], tick: string): Promise<void>;
}

/** Every schedule of the platform (six fields: the first is seconds), in UTC. */
const SCHEDULE: { cron: string; name: string; run: (work: ScheduledWork, now: Date) => Promise<void> }[] = [
  { cron: '* * * * * *', name: 'due-widgets', run: (work) => work.sweepDueWidgets() },
  { cron: '*/2 * * * * *', name: 'lost-refreshes', run: (work) => work.recoverRefreshes() },
  { cron: '*/2 * * * * *', name: 'lost-runs', run: (work) => work.recoverRuns() },
  { cron: '*/5 * * * * *', name: 'expired-confirmations', run: (work) => work.expireConfirmations() },
  { cron: '*/2 * * * * *', name: 'due-mails', run: (work) => work.recoverMails() },
  { cron: '*/3 * * * * *', name: 'worker-lease', run: (work) => work.renewWorkerLease() },
  upkeep('0 7 * * * *', 'trim-history'),
  upkeep('0 17 3 * * *', 'trim-tombstones'),
  upkeep('0 27 3 * * *', 'expire-sessions'),
  upkeep('0 32 3 * * *', 'expire-mails'),
  upkeep('0 34 3 * * *', 'expire-link-tokens'),
  upkeep('0 36 3 * * *', 'expire-invitations'),
  upkeep('0 38 3 * * *', 'expire-api-keys'),
  upkeep('0 42 3 * * *', 'trim-audit-events'),
  upkeep('0 37 * * * *', 'expire-idempotency-keys'),
  upkeep('0 47 * * * *', 'expire-source-probes'),
  upkeep('0 52 * * * *', 'delete-untouched-conversations'),
  upkeep('0 57 * * * *', 'purge-conversations'),
];

function upkeep(pattern: string, task: (typeof MAINTENANCE_TASKS)[number]) {
  return {
    cron: pattern,
    name: task,
    run: (work: ScheduledWork, now: Date) => work.enqueueMaintenance(task, now.toISOString().slice(0, 16)),
  };
}

/**
 * Starts the table in this process.
 * @param onError a tick that failed; the next one tries again
 */
export function startSchedule(
  work: ScheduledWork,
  onError: (name: string, error: unknown) => void,
): { stop(): void } {
  const tasks: ScheduledTask[] = SCHEDULE.map(({ cron: pattern, name, run }) =>
    cron.schedule(pattern, () => run(work, new Date()).catch((error: unknown) => onError(name, error)), {
      name,
      timezone: 'UTC',
      noOverlap: true,
      // A blocked event loop misses ticks; the next one does their work.
      suppressMissedWarning: true,
    }),
  );
  return { stop: () => tasks.forEach((task) => void task.destroy()) };
}
