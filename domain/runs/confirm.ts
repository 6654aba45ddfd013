import type { Database } from '../../db/database';
import { withTenant, type Statement } from '../../db/scope';
import { conflict, notFound } from '../../lib/errors';
import type { RunRow } from '../presenters/conversation';
import type { Actor } from '../roles';
import { DELIVERY_COLUMNS, QUEUE_AGAIN, type Delivery } from './delivery';
import { READ_RUN } from './rows';
import { DECLINED_BY_PERSON } from './tool-results';

const LOCK: Statement = {
  name: 'run-confirm-lock',
  text: `select r.status from runs r join conversations c on c.id = r.conversation_id
          where r.id = $1 and r.user_id = $2 and c.deleted_at is null for no key update of r`,
};

const DECIDE: Statement = {
  name: 'run-confirm-call',
  // A run shows what still waits: it is another one now.
  text: `
    with decided as (
      update tool_calls set status = case when $3 then 'approved' else 'declined' end, decided_at = now(),
        result = case when not $3 then $4 end, finished_at = case when not $3 then now() end
      where id = $2 and run_id = $1 and status = 'waiting' returning run_id
    )
    update runs r set updated_at = now() from decided where r.id = decided.run_id returning r.id`,
};

const GO_ON: Statement = {
  name: 'run-confirm',
  text: `update runs r set ${QUEUE_AGAIN} where r.id = $1 and r.status = 'waiting'
            and not exists (select from tool_calls where run_id = $1 and status = 'waiting')
         returning ${DELIVERY_COLUMNS}`,
};

/**
 * The person's word on one call of their own run that waits. When none waits any more, the run is queued again.
 * @returns `delivery`: to be enqueued, after which the run goes on
 * @throws HttpError 404; 409 `nothing_to_confirm` where the run or the call does not wait
 */
export function confirmRun(
  db: Database,
  actor: Actor,
  runId: string,
  { toolCallId, approve }: { toolCallId: string; approve: boolean },
): Promise<{ run: RunRow; delivery?: Delivery }> {
  return withTenant(db, actor.businessId, async (tx) => {
    const [held] = await tx.query<{ status: string }>(LOCK, [runId, actor.userId]);
    if (!held) throw notFound('Run');
    const decided =
      held.status === 'waiting'
        ? await tx.query(DECIDE, [runId, toolCallId, approve, DECLINED_BY_PERSON])
        : [];
    if (decided.length === 0)
      throw conflict('Nothing of that kind waits for a confirmation any more.', 'nothing_to_confirm');
    const goesOn = tx.query<Delivery & object>(GO_ON, [runId]);
    goesOn.catch(() => undefined);
    const [run] = await tx.last<RunRow & object>(READ_RUN, [runId]);
    const [delivery] = await goesOn;
    if (!run) throw notFound('Run');
    return { run, ...(delivery && { delivery }) };
  });
}
