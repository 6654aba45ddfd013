/** A finished message before a run's question. */
export interface SaidMessage {
  role: 'user' | 'assistant';
  content: string;
  runId: string | null;
  /** Its run called tools. */
  hasTurns: boolean;
}

/** Up to so many messages, of so many bytes together, come with the claim: what most conversations have. */
const MAX_MESSAGES = 400;
const MAX_BYTES = 32_768;

/** Of messages aliased `m`: those before the question of a run aliased `r`, which stands right before its reply. */
const BEFORE_QUESTION = `m.conversation_id = r.conversation_id and m.position < r.position - 1
  and m.status in ('completed', 'stopped', 'failed')`;

/**
 * What was said before the question of a run aliased `r`, oldest first, {@link SaidMessage}; null where that is much.
 * Sizes come from the rows' heads: a text that is left out is never read.
 */
export const SAID_JSON = `(
  select case when count(*) <= ${MAX_MESSAGES} and coalesce(sum(newest.bytes), 0) <= ${MAX_BYTES} then (
           select coalesce(json_agg(json_build_object('role', m.role, 'content', m.content, 'runId', m.run_id,
                    'hasTurns', exists (select from run_turns t where t.run_id = m.run_id)) order by m.position), '[]')
             from messages m where ${BEFORE_QUESTION}) end
    from (select octet_length(m.content) as bytes from messages m where ${BEFORE_QUESTION}
           order by m.position desc limit ${MAX_MESSAGES + 1}) newest)`;
