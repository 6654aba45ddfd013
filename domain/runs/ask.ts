import type { Database } from '../../db/database';
import { withTenant, type Statement } from '../../db/scope';
import type { RunRow } from '../presenters/conversation';
import { RUN_COLUMNS } from './columns';
import { CONFIRM_LIMIT_MS } from './limits';
import { LOCK_CONVERSATION } from './lock';
import { DECLINED_BY_MESSAGE } from './tool-results';
import type { ClaimedRun } from './types';

const MARK_CALLS: Statement = {
  name: 'run-ask-calls',
  // Whoever wrote on meanwhile would not be asked any more: that declines, as it does for a run that waits already.
  text: `
    with held as materialized (
      select r.id, exists (select from runs later where later.conversation_id = r.conversation_id
                              and later.position > r.position) as is_passed
        from runs r where r.id = $1 and r.epoch = $2 and r.status = 'running' and r.stop_requested_at is null
         for no key update
    )
    update tool_calls t set summary = call.summary,
      status = case when held.is_passed then 'declined' else 'waiting' end,
      result = case when held.is_passed then $5 end,
      finished_at = case when held.is_passed then now() end
    from held, unnest($3::uuid[], $4::text[]) as call (id, summary)
    where t.run_id = held.id and t.id = call.id and t.status = 'pending'`,
};

const WAIT: Statement = {
  name: 'run-ask',
  text: `
    update runs r set
      status = case when w.waits then 'waiting' else r.status end,
      lease_until = case when w.waits then null else r.lease_until end,
      confirm_until = case when w.waits then now() + $3 * interval '1 ms' end,
      updated_at = now()
    from (select exists (select from tool_calls where run_id = $1 and status = 'waiting') as waits) w
    where r.id = $1 and r.epoch = $2 and r.status = 'running' returning ${RUN_COLUMNS}`,
};

/**
 * Lets the run wait for the person's word on calls that write, and frees it: whoever claims it afterwards goes on.
 * A run that comes back with status `running` is still the caller's: the person asked for a stop meanwhile (the next
 * heartbeat says so), or wrote another message, which declined the calls (load the turns again).
 * @returns undefined where another worker has the run
 */
export function askConfirmation(
  db: Database,
  { businessId, id, epoch }: ClaimedRun,
  calls: readonly { id: string; summary: string }[],
): Promise<RunRow | undefined> {
  return withTenant(db, businessId, async (tx) => {
    // All on the wire at once: one round trip.
    const before = Promise.all([
      tx.query(LOCK_CONVERSATION, [id]),
      tx.query(MARK_CALLS, [
        id,
        epoch,
        calls.map((call) => call.id),
        calls.map((call) => call.summary),
        DECLINED_BY_MESSAGE,
      ]),
    ]);
    before.catch(() => undefined);
    const [row] = await tx.last<RunRow & object>(WAIT, [id, epoch, CONFIRM_LIMIT_MS]);
    await before;
    return row;
  });
}
