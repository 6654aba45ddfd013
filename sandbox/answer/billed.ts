/**
 * What a call costs, tokens, in buckets that do not overlap. Each protocol adds them up by its own convention:
 * OpenAI's input includes what was cached and its output what was thought; Anthropic's input excludes the cache.
 */
export interface Billed {
  /** Input that was neither read from nor written to the cache. */
  input: number;
  cached: number;
  cacheWrite5m: number;
  cacheWrite1h: number;
  /** Text and tool calls. */
  output: number;
  reasoning: number;
}
