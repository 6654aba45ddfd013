import { CRASHED_AT } from '../../db/crash-time';
import type { Database } from '../../db/database';
import { tenantStatement, withTenant, type Statement } from '../../db/scope';
import { settleAbandonedIn, type Settled } from '../money/settle';
import type { RunRow } from '../presenters/conversation';
import { OWN_PROVIDER_JSON } from '../providers/own';
import type { Role } from '../roles';
import { IS_FIRST } from './delivery';
import { LEASE_MS, RUN_DEADLINE_MS } from './limits';
import { TURN_SEPARATOR } from './reply';
import { runJson, runOfJson, type Json } from './rows';
import { SAID_JSON } from './said';
import type { ClaimedRun } from './types';

/**
 * One more; 1 for a first claim. That one does not wait for the disk, and a crash of Postgres can forget it while its
 * worker lives on: what was asked before a crash begins at the milliseconds between the two, which no claim before that
 * crash had.
 */
const NEXT_EPOCH = `r.epoch + 1 + case when r.epoch > 0 then 0
  else least(greatest(0, ceil(extract(epoch from ${CRASHED_AT} - r.created_at) * 1000)), 1e9)::int end`;

const claimText = (isClaimable: string, alongside = '') => `
    with claimed as (
      update runs r set status = 'running', epoch = ${NEXT_EPOCH}, lease_until = now() + $2 * interval '1 ms',
        crashes = r.crashes + (r.status = 'running')::int, started_at = coalesce(r.started_at, now()),
        deadline_at = coalesce(r.deadline_at, now() + $3 * interval '1 ms'), updated_at = now()
      where r.id = $1 and ${isClaimable} and ${IS_FIRST}
      returning r.*
    )${alongside}
    select r.business_id as "businessId", r.crashes, r.deadline_at as "deadlineAt", r.position,
           r.stop_requested_at is not null or c.deleted_at is not null as "stopRequested",
           r.request_id as "requestId", r.user_id as "userId", ${runJson('claimed r')} as row, ${SAID_JSON} as said,
           s.role, b.timezone, b.locale, coalesce(q.content, '') as question,
           case when a.id is not null then json_build_object(
             'id', a.id, 'name', a.name, 'systemPrompt', a.system_prompt, 'model', a.model,
             'fallbackModels', a.fallback_models, 'temperature', a.temperature, 'maxTokens', a.max_tokens,
             'tools', a.tools, 'ownProvider', ${OWN_PROVIDER_JSON}) end as agent
      from claimed r join businesses b on b.id = r.business_id join conversations c on c.id = r.conversation_id
      left join messages q on q.id = r.message_id
      left join memberships s on s.business_id = r.business_id and s.user_id = r.user_id
      left join agents a on a.business_id = r.business_id and a.id = r.agent_id and a.status = 'active'
      left join providers p on p.business_id = r.business_id and p.slug = split_part(a.model, '/', 1)`;

/** A statement of its own, in one round trip: what nobody had in hand yet needs nothing else done. */
const CLAIM_FIRST: Statement = {
  name: 'run-claim-first',
  text: claimText(
    "r.epoch = 0 and r.status = 'queued'",
    `, reply as (
      update messages m set status = 'streaming', updated_at = now() from claimed where m.id = claimed.reply_id
    )`,
  ),
};

const CLAIM: Statement = {
  name: 'run-claim',
  // One UPDATE, whose conditions are checked again on the row that a faster twin left: one of many gets it. A run of
  // a conversation that was deleted meanwhile is there to be ended.
  text: claimText("(r.status = 'queued' or (r.status = 'running' and r.lease_until <= now()))"),
};

const RESET_REPLY: Statement = {
  name: 'run-claim-reply',
  // Behind the claim's lock, as a statement of its own: a turn that the last holder was writing when its lease ran out
  // is there now, and the claim's own statement would not have seen it. The text of turns that finished stays; what a
  // dead worker streamed behind it is void.
  text: `
    update messages m set status = 'streaming', updated_at = now(), content = coalesce((
      select string_agg(t.content, $2 order by t.turn) from run_turns t where t.run_id = $1 and t.content <> ''), '')
    from runs r where r.id = $1 and m.id = r.reply_id`,
};

interface ClaimRow extends Pick<
  ClaimedRun,
  | 'businessId'
  | 'crashes'
  | 'deadlineAt'
  | 'position'
  | 'stopRequested'
  | 'requestId'
  | 'timezone'
  | 'locale'
  | 'question'
  | 'said'
> {
  row: Json<RunRow>;
  userId: string;
  role: Role | null;
  agent: ClaimedRun['agent'] | null;
}

function claimedOf({ userId, role, agent, row, ...run }: ClaimRow, settled: Settled[]): ClaimedRun {
  const { id, conversationId, messageId, replyId, epoch } = row;
  return {
    ...run,
    id,
    conversationId,
    messageId,
    replyId,
    epoch,
    asClaimed: runOfJson(row),
    // A run outlives the login that asked for it, and never acts as an operator.
    actor: role
      ? {
          userId,
          businessId: run.businessId,
          sessionId: null,
          role,
          operator: false,
          emailVerified: false,
          apiKey: null,
        }
      : undefined,
    agent: agent ?? undefined,
    settled,
  };
}

/**
 * Takes a run in hand under a new epoch, by which every write of an earlier holder is refused. One whose worker died
 * counts a crash; from MAX_CRASHES on the caller ends it as failed. A run with `stopRequested` is the caller's to end.
 * What earlier holders' calls still hold is booked in the same transaction. A first claim may be lost in a crash of
 * Postgres, up to the hold or the end behind it: a sweep then hands the run over again.
 * @returns undefined where there is nothing to do: another worker has it, it ended, or an earlier run of its
 *   conversation is still open
 */
export async function claimRun(
  db: Database,
  businessId: string,
  runId: string,
): Promise<ClaimedRun | undefined> {
  const values = [runId, LEASE_MS, RUN_DEADLINE_MS];
  // Nobody wrote or called a provider before the first epoch.
  const [first] = await tenantStatement<ClaimRow & object>(db, businessId, CLAIM_FIRST, values, {
    durable: false,
  });
  if (first) return claimedOf(first, []);
  return withTenant(db, businessId, async (tx) => {
    const [row] = await tx.query<ClaimRow & object>(CLAIM, values);
    if (!row) return undefined;
    const [, settled] = await Promise.all([
      tx.query(RESET_REPLY, [runId, TURN_SEPARATOR]),
      settleAbandonedIn(tx, runId, row.row.epoch),
    ]);
    return claimedOf(row, settled);
  });
}
