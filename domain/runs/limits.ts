/** Every number of a run's life, in one place (product.md, "Agent runs"). */

/**
 * How long a claim is its worker's alone, ms, counted from its last heartbeat. Ten missed ones: a worker that stalls
 * for whole seconds keeps its run, and a dead one's run goes on well within the promised 60 s.
 */
export const LEASE_MS = 10_000;
/**
 * A lease with more than this left, ms, is not written anew: a heartbeat is a read then, and only every fourth one
 * leaves a dead row and new index entries behind. Whole seconds of a stall still fit into what is left.
 */
export const RENEW_BELOW_MS = 7_000;
/** Between two heartbeats, ms; also the longest that a stop goes unnoticed where its signal was lost. */
export const HEARTBEAT_MS = 1_000;
/** Longest a run may work, ms, from its first claim (or from the person's word) to its end, however many workers. */
export const RUN_DEADLINE_MS = 600_000;
/** How long a run waits for the person's word, ms; then what it asked for counts as declined. */
export const CONFIRM_LIMIT_MS = 900_000;
/** Provider calls that call tools, in one run: a model that never comes to an answer is ended. */
export const MAX_TURNS = 12;
/** Workers a run may take down; the one that claims it then ends it as failed. */
export const MAX_CRASHES = 3;
/** Runs of one conversation that may be open at once: a person's patience, and the bound of an end's work. */
export const MAX_OPEN_RUNS = 20;

/** A run that no worker claimed within this, ms, is handed to the broker again (a flushed Redis lost its job). */
export const HANDOVER_MS = 5_000;
/**
 * The wait for a claim doubles with each delivery up to this, ms: where all workers are busy, jobs for runs that wait
 * would otherwise pile up. With a sweep's 2 s still within the promised 60 s.
 */
export const HANDOVER_MAX_MS = 30_000;
/** Runs one sweep hands over: few enough that its row locks are short. */
export const LOST_BATCH = 200;

/** Between two writes of a growing reply, ms (product.md, "Tokens": every half second or less). */
export const REPLY_SAVE_MS = 500;
/** Characters of a question that a conversation is named after until its first exchange is over. */
export const FIRST_TITLE_LENGTH = 60;
