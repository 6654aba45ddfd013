import type { RunEnd } from '../../domain/runs/end';
import type { Received } from './received';
import type { RunInHand } from './run-in-hand';
import { titleOf } from './title';

/** Why a run's last call was made without tools. */
export type LastReason = 'repeated_call' | 'max_turns' | 'max_tokens_of_run';

const LAST_REASONS: Record<LastReason, string> = {
  repeated_call:
    'The model made the same tool call again and again, so it had to answer with what there was.',
  max_turns: 'The model called tools too often, so it had to answer with what there was.',
  max_tokens_of_run: 'The model read too much for one reply, so it had to answer with what there was.',
};

/** The end of a run whose last call came to its own end. */
export function endOf(
  { agent, reply, run }: RunInHand,
  received: Received,
  outputCap: number,
  last: LastReason | undefined,
): RunEnd {
  const { content } = reply;
  if (received.stopReason === 'refusal') {
    return completed(content, 'refusal', 'The model declined to answer this.');
  }
  if (received.stopReason === 'max_tokens') {
    const why =
      outputCap < agent.maxTokens
        ? `Only ${outputCap} tokens were left for this answer (by the budget or the model), so it ends early.`
        : `The answer reached this agent’s limit of ${outputCap} tokens, so it ends early.`;
    return completed(content, 'max_tokens', why);
  }
  if (content.trim() === '') {
    const reason = last ? LAST_REASONS[last] : 'The model sent an answer without words.';
    return { status: 'failed', reasonCode: last ?? 'empty_reply', reason, content };
  }
  const title = titleOf(run.question, content);
  if (last) return { ...completed(content, last, LAST_REASONS[last]), title };
  if (received.stopReason === 'other') {
    return { ...completed(content, 'ended_early', 'The provider ended this answer early.'), title };
  }
  return { status: 'completed', content, title };
}

const completed = (content: string, reasonCode: string, reason: string): RunEnd => ({
  status: 'completed',
  reasonCode,
  reason,
  content,
});
