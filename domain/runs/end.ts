import type { Database } from '../../db/database';
import { withTenant, type Statement, type Transaction } from '../../db/scope';
import { settleAbandonedIn, type Settled } from '../money/settle';
import type { ConversationRow, MessageRow, RunRow } from '../presenters/conversation';
import { DELIVERY_COLUMNS, HAND_OVER, type Delivery } from './delivery';
import { LOCK_CONVERSATION } from './lock';
import {
  conversationJson,
  conversationOfJson,
  messageJson,
  messageOfJson,
  runJson,
  runOfJson,
  type Json,
} from './rows';
import { UNDONE_AT_END } from './tool-results';
import type { ClaimedRun, FinalStatus } from './types';

export interface EndedRun {
  run: RunRow;
  message: MessageRow;
  conversation: ConversationRow;
  /** The person deleted the conversation meanwhile: nothing of it is announced. */
  isDeleted: boolean;
  /** The conversation's next queued run, to be enqueued. */
  next: Delivery | undefined;
  /** Calls of the run that nobody had settled, booked in full now: what they crossed is to be announced. */
  settled: Settled[];
}

export interface RunEnd {
  status: FinalStatus;
  /** Why, for a program and for the person. Left out where it simply completed. */
  reasonCode?: string;
  reason?: string;
  /** The whole reply; left out: what was written so far stays. */
  content?: string;
  /** What the first exchange is about; taken where nobody named the conversation and it had no title of that kind. */
  title?: string;
}

const END: Statement = {
  name: 'run-end',
  // $2: the epoch that ends it; null: a run that no worker has.
  text: `
    with held as materialized (
      select r.* from runs r where r.id = $1
         and case when $2::int is null then r.status in ('queued', 'waiting')
                  else r.status = 'running' and r.epoch = $2 end
         for no key update
    ), spent as materialized (
      select coalesce(sum(l.input), 0)::bigint as input, coalesce(sum(l.cache_read), 0)::bigint as cached,
             (coalesce(sum(l.cache_write_5m), 0) + coalesce(sum(l.cache_write_1h), 0))::bigint as written,
             coalesce(sum(l.output_text), 0)::bigint as output,
             coalesce(sum(l.output_reasoning), 0)::bigint as reasoning,
             coalesce(sum(l.cost_nano), 0)::bigint as cost, coalesce(bool_or(l.estimated), false) as estimated,
             (array_agg(l.provider || '/' || l.model_requested order by l.created_at desc, l.id desc)
               filter (where l.purpose = 'reply'))[1] as model
        from held join ledger l on l.run_id = held.id and l.business_id = held.business_id and l.status = 'settled'
    ), run as (
      update runs r set status = $3, reason_code = $4, reason = $5, lease_until = null, confirm_until = null,
        input_tokens = spent.input, cached_input_tokens = spent.cached, cache_write_tokens = spent.written,
        output_tokens = spent.output, reasoning_tokens = spent.reasoning, cost_nano = spent.cost,
        estimated = spent.estimated, model = coalesce(spent.model, r.model), finished_at = now(), updated_at = now()
      from held, spent where r.id = held.id returning r.*
    ), reply as (
      update messages m set status = $3, content = coalesce($6, m.content), updated_at = now()
      from run where m.id = run.reply_id returning m.*
    ), conversation as (
      update conversations c set
        input_tokens = c.input_tokens + run.input_tokens + run.cached_input_tokens + run.cache_write_tokens,
        output_tokens = c.output_tokens + run.output_tokens + run.reasoning_tokens,
        cost_nano = c.cost_nano + run.cost_nano, message_count = c.message_count + 1,
        last_message_at = greatest(c.last_message_at, now()),
        title = case when c.titled_by is null and $3 = 'completed' then coalesce($7, c.title) else c.title end,
        titled_by = case when c.titled_by is null and $3 = 'completed' then 'exchange' else c.titled_by end,
        updated_at = now()
      from run where c.id = run.conversation_id returning c.*
    ), total as (
      insert into agent_totals as a (agent_id, business_id, runs, input_tokens, output_tokens, cost_nano, last_run_at)
      select a.id, run.business_id, 1, run.input_tokens + run.cached_input_tokens + run.cache_write_tokens,
             run.output_tokens + run.reasoning_tokens, run.cost_nano, now()
        from run join agents a on a.business_id = run.business_id and a.id = run.agent_id
      on conflict (agent_id) do update set runs = a.runs + 1, input_tokens = a.input_tokens + excluded.input_tokens,
        output_tokens = a.output_tokens + excluded.output_tokens, cost_nano = a.cost_nano + excluded.cost_nano,
        last_run_at = now()
    ), next as (
      update runs r set ${HAND_OVER}
      where r.status = 'queued' and r.id = (
        select o.id from runs o where o.conversation_id = (select conversation_id from held) and o.id <> $1
           and o.finished_at is null order by o.position limit 1)
      returning ${DELIVERY_COLUMNS}
    ), undone as (
      update tool_calls t set status = 'declined', result = $8, finished_at = now()
      from run where t.run_id = run.id and t.status in ('pending', 'waiting', 'approved')
    )
    select ${runJson('run r')} as run, ${messageJson('reply m')} as message,
           ${conversationJson('conversation c')} as conversation,
           (select deleted_at is not null from conversation) as "isDeleted", (select to_json(next) from next) as next
      from run`,
};

interface EndRow {
  run: Json<RunRow>;
  message: Json<MessageRow>;
  conversation: Json<ConversationRow>;
  isDeleted: boolean;
  next: Delivery | null;
}

const endedOf = (row: EndRow, settled: Settled[]): EndedRun => ({
  run: runOfJson(row.run),
  message: messageOfJson(row.message),
  conversation: conversationOfJson(row.conversation),
  isDeleted: row.isDeleted,
  next: row.next ?? undefined,
  settled,
});

const valuesOf = (id: string, epoch: number | null, end: RunEnd) => [
  id,
  epoch,
  end.status,
  end.reasonCode ?? null,
  end.reason ?? null,
  end.content ?? null,
  end.title || null,
  UNDONE_AT_END,
];

const LOCK_RUN: Statement = {
  name: 'run-end-lock',
  text: `select id from runs where id = $1 and epoch = $2 and status = 'running' for no key update`,
};

/**
 * Ends a run, once: what its calls still hold is booked, its totals come from the ledger, the reply is final, the
 * conversation's and the agent's totals grow, and the conversation's next run is handed over, in one transaction of
 * two round trips.
 * @returns undefined where another worker has the run or it is over
 */
export function endRun(
  db: Database,
  { businessId, id, epoch }: ClaimedRun,
  end: RunEnd,
): Promise<EndedRun | undefined> {
  return withTenant(db, businessId, async (tx) => {
    const [, held, settled] = await Promise.all([
      tx.query(LOCK_CONVERSATION, [id]),
      tx.query(LOCK_RUN, [id, epoch]),
      // On the wire with the locks. Where they refuse us it books no more than what we left ourselves.
      settleAbandonedIn(tx, id, epoch + 1),
    ]);
    if (held.length === 0) return undefined;
    const [row] = await tx.last<EndRow & object>(END, valuesOf(id, epoch, end));
    return row && endedOf(row, settled);
  });
}

/** Above every epoch. */
const ALL_EPOCHS = 2 ** 31 - 1;

/** Ends a run that no worker has (queued, waiting), in a transaction that locked its conversation and the run. */
export async function endUnclaimed(
  tx: Transaction,
  runId: string,
  end: RunEnd,
): Promise<EndedRun | undefined> {
  const settled = await settleAbandonedIn(tx, runId, ALL_EPOCHS);
  const [row] = await tx.query<EndRow & object>(END, valuesOf(runId, null, end));
  return row && endedOf(row, settled);
}
