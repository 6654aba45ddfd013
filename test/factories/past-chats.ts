type Sql = (text: string, values?: readonly unknown[]) => Promise<unknown>;

/** Conversations of a month or two: enough that Postgres plans as it does in use, few enough to be there in a second. */
const CONVERSATIONS = 5_000;
/** What is asked and answered, of usual length. */
const QUESTION = 'How did sales go last week, compared with the week before?';
const REPLY = 'Sales went up by four percent, mostly in the north. '.repeat(12);

/**
 * Finished conversations of a business's members, one exchange each, and statistics of the tables: with empty ones
 * every plan reads whole tables, and stays so until autovacuum comes by.
 */
export async function addPastChats(
  sql: Sql,
  { businessId, agentId, userIds }: { businessId: string; agentId: string; userIds: readonly string[] },
): Promise<void> {
  await sql(
    `with past as materialized (
       select gen_random_uuid() as conversation_id, gen_random_uuid() as question_id, gen_random_uuid() as reply_id,
              gen_random_uuid() as run_id, gen_random_uuid() as ledger_id, $1::uuid as business_id,
              $2::uuid as agent_id, ($3::uuid[])[1 + n % cardinality($3::uuid[])] as user_id,
              now() - n * interval '10 min' as at
         from generate_series(1, $4::int) as n
     ), conversation as (
       insert into conversations (id, business_id, user_id, agent_id, title, next_position, message_count,
                                  last_message_at, created_at)
       select conversation_id, business_id, user_id, agent_id, 'Sales', 3, 2, at, at from past
     ), message as (
       insert into messages (id, business_id, conversation_id, run_id, role, content, status, position, created_at)
       select question_id, business_id, conversation_id, null::uuid, 'user', $5, 'completed', 1, at from past
        union all
       select reply_id, business_id, conversation_id, run_id, 'assistant', $6, 'completed', 2, at from past
     ), run as (
       insert into runs (id, business_id, conversation_id, agent_id, user_id, message_id, reply_id, position, status,
                         epoch, request_id, started_at, finished_at, created_at)
       select run_id, business_id, conversation_id, agent_id, user_id, question_id, reply_id, 2, 'completed', 1,
              'past', at, at, at from past
     )
     insert into ledger (id, business_id, run_id, conversation_id, agent_id, user_id, epoch, turn, attempt, provider,
                         model_requested, request_id, status, outcome, output_cap, hold_nano, settled_at, created_at)
     select ledger_id, business_id, run_id, conversation_id, agent_id, user_id, 1, 1, 1, 'sandbox', 'sandbox-script',
            'past', 'settled', 'completed', 100, 0, at, at from past`,
    [businessId, agentId, userIds, CONVERSATIONS, QUESTION, REPLY],
  );
  await sql('vacuum (analyze)');
}
