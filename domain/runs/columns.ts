/** A run's columns as {@link RunRow} (domain/presenters/conversation), of a table or CTE aliased `r`. */
export const RUN_COLUMNS = `
  r.id, r.conversation_id as "conversationId", r.agent_id as "agentId", r.message_id as "messageId",
  r.reply_id as "replyId", r.status, r.reason_code as "reasonCode", r.reason, r.epoch, r.model,
  r.input_tokens as "inputTokens", r.cached_input_tokens as "cachedInputTokens",
  r.cache_write_tokens as "cacheWriteTokens", r.output_tokens as "outputTokens",
  r.reasoning_tokens as "reasoningTokens", r.cost_nano::text as "costNano", r.estimated,
  coalesce((select json_agg(json_build_object('toolCallId', t.id, 'tool', t.name, 'summary', t.summary)
                            order by t.turn, t.place)
              from tool_calls t where t.run_id = r.id and t.status = 'waiting'), '[]') as confirmations,
  coalesce((select json_agg(json_build_object('id', t.id, 'tool', t.name, 'status', t.status)
                            order by t.turn, t.place)
              from tool_calls t where t.run_id = r.id), '[]') as "toolCalls",
  r.started_at as "startedAt", r.finished_at as "finishedAt", r.version, r.created_at as "createdAt"`;

/** A message's columns as MessageRow, of a table or CTE aliased `m`. */
export const MESSAGE_COLUMNS = `
  m.id, m.conversation_id as "conversationId", m.run_id as "runId", m.role, m.content, m.status, m.position,
  m.version, m.created_at as "createdAt"`;

/** A conversation's columns as ConversationRow, of a table or CTE aliased `c`. */
export const CONVERSATION_COLUMNS = `
  c.id, c.business_id as "businessId", c.user_id as "userId", c.agent_id as "agentId", c.title,
  c.message_count as "messageCount", c.input_tokens as "inputTokens", c.output_tokens as "outputTokens",
  c.cost_nano::text as "costNano", c.last_message_at as "lastMessageAt", c.version,
  c.created_at as "createdAt", c.updated_at as "updatedAt"`;
