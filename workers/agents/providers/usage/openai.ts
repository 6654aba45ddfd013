import { NO_USAGE, type TokenUsage } from '../../../../domain/money/usage';
import { countOf, fieldOf, splitOff } from './count';

/**
 * The Responses API's usage: `input_tokens` includes the cached ones, `output_tokens` the reasoning (OpenAI's API
 * reference, ResponseUsage). Caches are written for nothing and not told of.
 */
export function usageOfResponses(wire: unknown): TokenUsage {
  const cached = countOf(fieldOf(fieldOf(wire, 'input_tokens_details'), 'cached_tokens'));
  const reasoning = countOf(fieldOf(fieldOf(wire, 'output_tokens_details'), 'reasoning_tokens'));
  const input = splitOff(countOf(fieldOf(wire, 'input_tokens')), cached);
  const output = splitOff(countOf(fieldOf(wire, 'output_tokens')), reasoning);
  return {
    ...NO_USAGE,
    input: input.rest,
    cacheRead: input.part,
    outputText: output.rest,
    outputReasoning: output.part,
  };
}

/** Cached input under the names in use: OpenAI's, DeepSeek's, Moonshot's. */
function cachedOfChat(wire: unknown): number | null {
  return (
    countOf(fieldOf(fieldOf(wire, 'prompt_tokens_details'), 'cached_tokens')) ??
    countOf(fieldOf(wire, 'prompt_cache_hit_tokens')) ??
    countOf(fieldOf(wire, 'cached_tokens'))
  );
}

/**
 * Chat Completions' usage: `prompt_tokens` includes the cached ones, `completion_tokens` the reasoning. xAI and Google's
 * compatible servers count reasoning beside the completion; there the total is the sum of all three.
 */
export function usageOfChat(wire: unknown): TokenUsage {
  const prompt = countOf(fieldOf(wire, 'prompt_tokens'));
  const completion = countOf(fieldOf(wire, 'completion_tokens'));
  const total = countOf(fieldOf(wire, 'total_tokens'));
  const reasoning = countOf(fieldOf(fieldOf(wire, 'completion_tokens_details'), 'reasoning_tokens'));
  const input = splitOff(prompt, cachedOfChat(wire));
  const isBeside =
    prompt !== null && completion !== null && reasoning !== null && total === prompt + completion + reasoning;
  // With no reasoning both readings are the same.
  const output = isBeside ? { rest: completion, part: reasoning } : splitOff(completion, reasoning);
  return {
    ...NO_USAGE,
    input: input.rest,
    cacheRead: input.part,
    outputText: output.rest,
    outputReasoning: output.part,
  };
}
