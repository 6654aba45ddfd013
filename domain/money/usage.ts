/**
 * What a provider counted for one call, in buckets that do not overlap: their sum is everything that was billed.
 * null where the provider did not say; that is not zero.
 */
export interface TokenUsage {
  /** Input that was neither read from nor written to a cache. */
  input: number | null;
  cacheRead: number | null;
  /** Written to a cache that lives 5 minutes (or for the provider's one lifetime). */
  cacheWrite5m: number | null;
  /** Written to a cache that lives one hour. */
  cacheWrite1h: number | null;
  /** Output a person sees, and tool calls. */
  outputText: number | null;
  /** Output spent on thinking. */
  outputReasoning: number | null;
}

export const NO_USAGE: TokenUsage = {
  input: null,
  cacheRead: null,
  cacheWrite5m: null,
  cacheWrite1h: null,
  outputText: null,
  outputReasoning: null,
};
