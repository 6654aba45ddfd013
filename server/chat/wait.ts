import { findRun } from '../../domain/conversations/read';
import type { RunRow } from '../../domain/presenters/conversation';
import type { Actor } from '../../domain/roles';
import { runEventsChannel } from '../../domain/runs/signals';
import type { ServerContext } from '../context';

/** How often Postgres is asked where no signal comes, ms: the broker may be away. */
const LOOK_EVERY_MS = 500;

const isFinal = ({ status }: RunRow) => status === 'completed' || status === 'stopped' || status === 'failed';

/**
 * Waits until the run has ended, or waits for the person itself.
 * @param limitMs the longest to wait
 * @returns the run as it is by then; undefined where it is gone
 */
export async function waitForRun(
  { db, broker }: ServerContext,
  actor: Actor,
  runId: string,
  limitMs: number,
  isEnough: (run: RunRow) => boolean = (run) => isFinal(run) || run.status === 'waiting',
): Promise<RunRow | undefined> {
  let wake: () => void = () => undefined;
  // Not awaited: while Redis is away it may not come, and looking goes on without it.
  const subscribed = broker.signals.subscribe(runEventsChannel(runId), () => wake());
  subscribed.catch(() => undefined);
  const until = performance.now() + limitMs;
  try {
    for (;;) {
      const woken = new Promise<void>((resolve) => {
        wake = resolve;
      });
      const run = await findRun(db, actor.businessId, runId);
      if (!run || isEnough(run)) return run;
      const left = until - performance.now();
      if (left <= 0) return run;
      await orAfter(woken, Math.min(LOOK_EVERY_MS, left));
    }
  } finally {
    subscribed.then((end) => end()).catch(() => undefined);
  }
}

async function orAfter(woken: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([
    woken,
    new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms);
    }),
  ]);
  clearTimeout(timer);
}
