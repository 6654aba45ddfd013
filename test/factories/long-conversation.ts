import type { Actor } from '../../domain/roles';
import { newId } from '../../lib/ids';

type Sql = (text: string, values?: readonly unknown[]) => Promise<unknown>;

/** Calls of tools in each run of a {@link addLongConversation}. */
export const TURNS_PER_RUN = 10;

const ADD = `
  with past as materialized (
    select n, gen_random_uuid() as run_id, gen_random_uuid() as question_id, gen_random_uuid() as reply_id
      from generate_series(1, $5::int / ${TURNS_PER_RUN}) n
  ), questions as (
    insert into messages (id, business_id, conversation_id, run_id, role, content, status, position)
    select question_id, $1::uuid, $2::uuid, run_id, 'user', ($6::text[])[1 + n % cardinality($6::text[])], 'completed', 2 * n - 1
      from past
  ), replies as (
    insert into messages (id, business_id, conversation_id, run_id, role, content, status, position)
    select reply_id, $1::uuid, $2::uuid, run_id, 'assistant', 'Reply ' || n, 'completed', 2 * n from past
  ), answered as (
    insert into runs (id, business_id, conversation_id, agent_id, user_id, message_id, reply_id, position, status,
                      request_id, finished_at)
    select run_id, $1::uuid, $2::uuid, $3::uuid, $4::uuid, question_id, reply_id, 2 * n, 'completed', 'past', now()
      from past
  ), turned as (
    insert into run_turns (run_id, turn, business_id, content)
    select run_id, turn, $1::uuid, '' from past, generate_series(1, ${TURNS_PER_RUN}) turn
  )
  insert into tool_calls (id, business_id, run_id, turn, place, provider_call_id, name, arguments, status, result)
  select gen_random_uuid(), $1::uuid, run_id, turn, place, format('call_%s_%s_%s', n, turn, place), 'search',
         '{"query":"sales"}', 'done', ($7::text[])[1 + n % cardinality($7::text[])]
    from past, generate_series(1, ${TURNS_PER_RUN}) turn, generate_series(0, n % 2) place`;

/**
 * A conversation that is over, of so many turns that called tools, one call or two in each. Gives its id.
 * @param past what people asked and what tools gave, another text in each exchange, the first in the last
 */
export async function addLongConversation(
  sql: Sql,
  { businessId, userId }: Actor,
  {
    agentId,
    turns,
    questions,
    results,
  }: {
    agentId: string;
    turns: number;
    questions: readonly string[];
    results: readonly string[];
  },
): Promise<string> {
  const id = newId();
  await sql(
    `insert into conversations (id, business_id, user_id, agent_id, title, next_position, message_count)
     values ($1, $2, $3, $4, 'A long one', $5, $5)`,
    [id, businessId, userId, agentId, (2 * turns) / TURNS_PER_RUN + 1],
  );
  await sql(ADD, [businessId, id, agentId, userId, turns, questions, results]);
  return id;
}
