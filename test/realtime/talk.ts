import type { Actor } from '../../domain/roles';
import { newId } from '../../lib/ids';
import type { World } from './fixture';

/** What a test makes of conversations, written past row-level security. */
export interface Talk {
  conversationId: string;
  questionId: string;
  replyId: string;
  runId: string;
}

export async function addAgent(
  { sql }: Pick<World, 'sql'>,
  businessId: string,
  systemPrompt = '',
): Promise<string> {
  const id = newId();
  await sql(
    `insert into agents (id, business_id, name, type, system_prompt, model, max_tokens, tools, fallback_models)
     values ($1, $2, 'Agent', 'assistant', $3, 'own/m', 100, '{search,"a, b"}', '{own/n}')`,
    [id, businessId, systemPrompt],
  );
  return id;
}

/** A person's conversation with a question, its reply in the making, and the run. */
export async function addTalk(
  { sql }: Pick<World, 'sql'>,
  person: Pick<Actor, 'businessId' | 'userId'>,
  agentId: string | null = null,
): Promise<Talk> {
  const talk = { conversationId: newId(), questionId: newId(), replyId: newId(), runId: newId() };
  const { conversationId, questionId, replyId, runId } = talk;
  const { businessId, userId } = person;
  await sql(
    `with c as (insert into conversations (id, business_id, user_id, agent_id) values ($1, $2, $3, $4)),
          m as (insert into messages (id, business_id, conversation_id, run_id, role, content, status, position)
                values ($5, $2, $1, null, 'user', 'A question', 'completed', 1),
                       ($6, $2, $1, $7, 'assistant', '', 'pending', 2))
     insert into runs (id, business_id, conversation_id, agent_id, user_id, message_id, reply_id, position, request_id)
     values ($7, $2, $1, $4, $3, $5, $6, 2, 'r')`,
    [conversationId, businessId, userId, agentId, questionId, replyId, runId],
  );
  return talk;
}
