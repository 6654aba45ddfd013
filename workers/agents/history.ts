import type { Database } from '../../db/database';
import { tenantStatement, type Statement } from '../../db/scope';
import { joinTurns } from '../../domain/runs/reply';
import type { SaidMessage } from '../../domain/runs/said';
import type { ClaimedRun, TurnRow } from '../../domain/runs/types';
import type { Exchange } from './context';
import { MESSAGE_OVERHEAD_TOKENS } from './count-tokens';
import { LOADED_BYTES_PER_TOKEN } from './limits';
import type { ContextMessage } from './providers/provider';
import { turnGroup } from './turn-group';

const MESSAGES: Statement = {
  name: 'context-messages',
  // Sizes come from the rows' heads: a text that is left out is never read.
  text: `
    with newest as (
      select role, content, run_id, position, octet_length(content) as bytes from messages
       where conversation_id = $1 and position < $2 and status in ('completed', 'stopped', 'failed')
       order by position desc limit $3
    ), summed as (select *, sum(bytes) over (order by position desc) as total from newest)
    select role, content, run_id as "runId", exists (select from run_turns t where t.run_id = summed.run_id) as "hasTurns"
      from summed where total <= $4 order by position`,
};

const TURNS: Statement = {
  name: 'context-turns',
  text: `
    with asked as (
      select * from unnest($1::uuid[]) with ordinality as asked (run_id, age)
    ), sized as (
      select asked.run_id, asked.age,
             sum(octet_length(t.arguments) + coalesce(octet_length(t.result), 0)) as bytes
        from asked join tool_calls t using (run_id) group by asked.run_id, asked.age
    ), summed as (select *, sum(bytes) over (order by age) as total from sized)
    select n.run_id as "runId", n.turn, n.content,
           json_agg(json_build_object('id', t.id, 'turn', t.turn, 'place', t.place, 'name', t.name,
             'providerCallId', t.provider_call_id, 'arguments', t.arguments, 'status', t.status,
             'result', t.result) order by t.place) as "toolCalls"
      from summed join run_turns n using (run_id) join tool_calls t on t.run_id = n.run_id and t.turn = n.turn
     where summed.total <= $2 group by n.run_id, n.turn, n.content order by n.run_id, n.turn`,
};

/**
 * The exchanges before a run's question, oldest first: as many, from the newest back, as could fit into `tokens`. A
 * conversation of any length costs the same few rows.
 */
export async function loadHistory(
  db: Database,
  { businessId, conversationId, position, said }: ClaimedRun,
  tokens: number,
): Promise<Exchange[]> {
  const bytes = tokens * LOADED_BYTES_PER_TOKEN;
  const messages =
    said ??
    (await tenantStatement<SaidMessage & object>(db, businessId, MESSAGES, [
      conversationId,
      // The question stands right before the reply, whose position is the run's.
      position - 1,
      Math.ceil(tokens / MESSAGE_OVERHEAD_TOKENS),
      bytes,
    ]));
  const runIds = messages.flatMap(({ role, runId, hasTurns }) =>
    role === 'assistant' && runId && hasTurns ? [runId] : [],
  );
  if (runIds.length === 0) return exchangesOf(messages, []);
  const turns = await tenantStatement<TurnRow & { runId: string }>(db, businessId, TURNS, [
    runIds.toReversed(),
    bytes,
  ]);
  return exchangesOf(messages, turns);
}

function exchangesOf(
  messages: readonly SaidMessage[],
  turns: readonly (TurnRow & { runId: string })[],
): Exchange[] {
  const byRun = new Map<string, TurnRow[]>();
  for (const turn of turns) byRun.set(turn.runId, [...(byRun.get(turn.runId) ?? []), turn]);
  const exchanges: Exchange[] = [];
  let asked: ContextMessage[] = [];
  for (const { role, content, runId } of messages) {
    if (role === 'user') {
      // A question without a reply before this one: it stands with it.
      asked.push({ role: 'user', content });
      continue;
    }
    // The reply to a question that did not fit makes no sense alone.
    if (asked.length === 0) continue;
    exchanges.push(exchangeOf(asked, content, (runId && byRun.get(runId)) || []));
    asked = [];
  }
  if (asked.length > 0) exchanges.push({ whole: asked, brief: asked });
  return exchanges;
}

function exchangeOf(asked: readonly ContextMessage[], reply: string, turns: readonly TurnRow[]): Exchange {
  const brief = [...asked, ...utterance(reply)];
  if (turns.length === 0) return { whole: brief, brief };
  // The reply is the turns' texts and what came behind them.
  const before = joinTurns(turns.map(({ content }) => content));
  const rest = reply.startsWith(before) ? reply.slice(before.length) : reply;
  return { whole: [...asked, ...turns.flatMap(turnGroup), ...utterance(rest)], brief };
}

/** Providers refuse an empty message. */
function utterance(content: string): ContextMessage[] {
  const text = content.trim();
  return text === '' ? [] : [{ role: 'assistant', content: text, toolCalls: [] }];
}
