import type { Knex } from 'knex';
import type { Database } from '../../db/database';
import { tenantStatement, withTenantModels, type Statement } from '../../db/scope';
import { newId } from '../../lib/ids';
import type { HeldRun, ToolCallRow, TurnRow } from './types';

const CALL_JSON = `json_build_object(
  'id', t.id, 'turn', t.turn, 'place', t.place, 'providerCallId', t.provider_call_id, 'name', t.name,
  'arguments', t.arguments, 'status', t.status, 'summary', t.summary, 'result', t.result)`;

const LOAD: Statement = {
  name: 'run-turns',
  text: `select n.turn, n.content, coalesce((
           select json_agg(${CALL_JSON} order by t.place) from tool_calls t where t.run_id = n.run_id and t.turn = n.turn
         ), '[]') as "toolCalls"
           from run_turns n where n.run_id = $1 order by n.turn`,
};

/** The turns that finished, in their order, whatever epoch they are from: a new one goes on behind them. */
export const loadTurns = (db: Database, { businessId, id }: HeldRun): Promise<TurnRow[]> =>
  tenantStatement<TurnRow & object>(db, businessId, LOAD, [id]);

const SAVE: Statement = {
  name: 'run-turn',
  text: `
    with held as (
      -- A run shows its calls: it is another one now.
      update runs set updated_at = now() where id = $1 and epoch = $2 and status = 'running'
      returning id, business_id
    ), saved as (
      insert into run_turns (run_id, turn, business_id, content) select id, $3, business_id, $4 from held
      returning run_id, business_id, turn, content
    ), called as (
      insert into tool_calls (id, business_id, run_id, turn, place, provider_call_id, name, arguments)
      select call.id, saved.business_id, saved.run_id, saved.turn, call.place - 1, call.provider_call_id, call.name,
             call.arguments
        from saved, unnest($5::uuid[], $6::text[], $7::text[], $8::text[])
          with ordinality as call (id, provider_call_id, name, arguments, place)
      returning *
    )
    select saved.turn, saved.content,
           coalesce((select json_agg(${CALL_JSON} order by t.place) from called t), '[]') as "toolCalls"
      from saved`,
};

export interface NewTurn {
  /** From 1, without a gap. */
  turn: number;
  content: string;
  /** In the order in which the model made them. */
  calls: readonly { providerCallId: string; name: string; arguments: string }[];
}

/**
 * Keeps a turn that called tools, with its calls (pending), before any of them is done.
 * @returns undefined where another worker has the run
 */
export async function saveTurn(
  db: Database,
  { businessId, id, epoch }: HeldRun,
  { turn, content, calls }: NewTurn,
): Promise<TurnRow | undefined> {
  const [row] = await tenantStatement<TurnRow & object>(db, businessId, SAVE, [
    id,
    epoch,
    turn,
    content,
    calls.map(() => newId()),
    calls.map((call) => call.providerCallId),
    calls.map((call) => call.name),
    calls.map((call) => call.arguments),
  ]);
  return row;
}

const FINISHED_CALL = `t.id, t.turn, t.place, t.provider_call_id as "providerCallId", t.name, t.arguments, t.status,
  t.summary, t.result`;

const FINISH: Statement = {
  name: 'run-tool-call',
  text: `
    with held as materialized (
      select id from runs where id = $1 and epoch = $2 and status = 'running' for share
    )
    update tool_calls t set status = $4, result = $5, finished_at = now()
      from held where t.run_id = held.id and t.id = $3 and t.status in ('pending', 'approved')
    returning ${FINISHED_CALL}`,
};

export interface CallEnd {
  status: 'done' | 'failed' | 'declined';
  /** What the model is given. With an effect, the effect's answer takes its place. */
  result: string;
}

/**
 * Ends a tool call that is pending or approved. With `effect`, which writes for the person, the writing and the
 * call's end are one transaction: after a crash both are there or neither, and a call is never done twice. An effect
 * that throws leaves the call as it was. It must be short: the run's heartbeat waits for it.
 * @returns undefined where another worker has the run, or the call is over
 */
export async function finishToolCall(
  db: Database,
  run: HeldRun,
  callId: string,
  end: CallEnd,
  effect?: (trx: Knex.Transaction) => Promise<string>,
): Promise<ToolCallRow | undefined> {
  const { businessId, id, epoch } = run;
  if (effect) return finishWithEffect(db, run, callId, end.status, effect);
  const [row] = await tenantStatement<ToolCallRow & object>(db, businessId, FINISH, [
    id,
    epoch,
    callId,
    end.status,
    end.result,
  ]);
  return row;
}

function finishWithEffect(
  db: Database,
  { businessId, id, epoch }: HeldRun,
  callId: string,
  status: CallEnd['status'],
  effect: (trx: Knex.Transaction) => Promise<string>,
): Promise<ToolCallRow | undefined> {
  return withTenantModels(db, businessId, async (trx) => {
    // Held to the commit: no other epoch begins before this one's effect is written, or not.
    const { rows: held } = await trx.raw<{ rows: unknown[] }>(
      `select id from runs where id = ? and epoch = ? and status = 'running' for share`,
      [id, epoch],
    );
    if (held.length === 0) return undefined;
    const { rows: open } = await trx.raw<{ rows: unknown[] }>(
      `select id from tool_calls where id = ? and run_id = ? and status in ('pending', 'approved') for update`,
      [callId, id],
    );
    if (open.length === 0) return undefined;
    const result = await effect(trx);
    const { rows } = await trx.raw<{ rows: ToolCallRow[] }>(
      `update tool_calls t set status = ?, result = ?, finished_at = now() where t.id = ? returning ${FINISHED_CALL}`,
      [status, result, callId],
    );
    return rows[0];
  });
}
