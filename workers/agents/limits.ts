/** Every number of the way from a run to its provider calls, in one place. A run's life has its own: domain/runs/limits. */

/** Requests to one model for one call: the first and two more, as the official SDKs do by default. */
export const MAX_REQUESTS_PER_MODEL = 3;
/** The first retry's ceiling and the longest wait, ms; in between it doubles. Full jitter: anything from 0 to it. */
export const RETRY_BASE_MS = 500;
export const RETRY_MAX_MS = 8_000;
/** Longest Retry-After that is waited for, ms: a person is waiting. Beyond it the next model is tried. */
export const RETRY_AFTER_MAX_MS = 20_000;

/** Between two tries to hold money that other calls have in their hands, ms; it doubles up to the second number. */
export const HOLD_RETRY_BASE_MS = 100;
export const HOLD_RETRY_MAX_MS = 2_000;

/**
 * Context of one call, tokens, whatever the model's window takes: a hundred runs in one process stay below 100 MB of
 * text, and one call's price in reason.
 */
export const MAX_CONTEXT_TOKENS = 100_000;
/** Tokens that all calls of a run may take, in and out: four full contexts. A loop that reads much ends here. */
export const MAX_RUN_TOKENS = 4 * MAX_CONTEXT_TOKENS;

/** Bytes of text that are loaded for each token of the budget. Running text has 3 to 5 per token in any script. */
export const LOADED_BYTES_PER_TOKEN = 8;
/** Bytes of JSON (tool calls' arguments) per token, for estimates: it has more borders than running text. */
export const HIDDEN_BYTES_PER_TOKEN = 3;

/** The most calls a model may make in one turn; the rest is refused unread. */
export const MAX_CALLS_PER_TURN = 16;
/** The most of a turn's calls' arguments that is kept, characters each: what no tool of ours takes. */
export const MAX_ARGUMENTS_CHARS = 50_000;
