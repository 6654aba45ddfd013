import type { Database } from '../../db/database';
import { withTenant, type Statement, type Transaction } from '../../db/scope';
import { notFound } from '../../lib/errors';
import type { RunRow } from '../presenters/conversation';
import type { Actor } from '../roles';
import { endUnclaimed, type EndedRun, type RunEnd } from './end';
import { LOCK_CONVERSATION } from './lock';
import { READ_RUN } from './rows';
import { DECLINED_BY_STOP } from './tool-results';

const LOCK_OWN: Statement = {
  name: 'run-stop-lock',
  text: `select r.id from runs r join conversations c on c.id = r.conversation_id
          where r.id = $1 and r.user_id = $2 and c.deleted_at is null for no key update of r`,
};

const REQUEST: Statement = {
  name: 'run-stop',
  text: `update runs set stop_requested_at = now(), updated_at = now()
          where id = $1 and status = 'running' and stop_requested_at is null`,
};

const DECLINE: Statement = {
  name: 'run-stop-calls',
  text: `update tool_calls set status = 'declined', result = $2, decided_at = now(), finished_at = now()
          where run_id = $1 and status = 'waiting'`,
};

/** Ends a run that no worker has as stopped, in a transaction that locked its conversation and the run. */
export async function stopUnclaimed(
  tx: Transaction,
  runId: string,
  reason: Pick<RunEnd, 'reasonCode' | 'reason'>,
): Promise<EndedRun | undefined> {
  const declined = tx.query(DECLINE, [runId, DECLINED_BY_STOP]);
  declined.catch(() => undefined);
  const ended = await endUnclaimed(tx, runId, { status: 'stopped', ...reason });
  await declined;
  return ended;
}

/** Why a run ended that its person stopped; the worker that stops a running one says the same. */
export const STOPPED_BY_PERSON = { reasonCode: 'stopped', reason: 'You stopped this reply.' } as const;

/**
 * Stops a run of the person's own. Queued or waiting, it is ended at once (`ended`); running, its worker is asked:
 * signalStop, so that it needn't wait for its heartbeat. A final one is returned as it is.
 * @throws HttpError 404
 */
export function requestStop(
  db: Database,
  actor: Actor,
  runId: string,
): Promise<{ run: RunRow; ended?: EndedRun }> {
  return withTenant(db, actor.businessId, async (tx) => {
    // One message; each statement reads what the lock before it waited for.
    const locked = Promise.all([
      tx.query(LOCK_CONVERSATION, [runId]),
      tx.query(LOCK_OWN, [runId, actor.userId]),
    ]);
    const [, own] = await locked;
    if (own.length === 0) throw notFound('Run');
    const asked = tx.query(REQUEST, [runId]);
    asked.catch(() => undefined);
    const [run] = await tx.query<RunRow & object>(READ_RUN, [runId]);
    await asked;
    if (!run) throw notFound('Run');
    if (run.status !== 'queued' && run.status !== 'waiting') return { run };
    const ended = await stopUnclaimed(tx, runId, STOPPED_BY_PERSON);
    return ended ? { run: ended.run, ended } : { run };
  });
}
