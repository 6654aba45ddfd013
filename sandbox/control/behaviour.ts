import { z } from 'zod';

/**
 * What can go wrong on purpose. With `afterChunks`, the ones in mid-stream wait for that many tokens; at 0, which is
 * where they start, only the response's headers have gone out.
 */
export const FAULTS = [
  /** Nothing more comes, and the connection stays open. */
  'stall',
  /** 429 with Retry-After. */
  'rate_limit',
  /** 503; Anthropic's is 529. */
  'overloaded',
  /** 500. */
  'server_error',
  /** A clean end of the response without the protocol's terminal marker. */
  'cut',
  /** The socket is destroyed (RST). A fetch client drops the chunks that nobody has read by then. */
  'reset',
  /** An event that is no JSON, then the end. */
  'bad_json',
  /** The protocol's own error in mid-stream, then the end. */
  'error_event',
  /** `response.failed`, which only OpenAI's Responses have; elsewhere the same as `error_event`. */
  'failed',
  /** More comes than the cap allows: twice the cap, unless `text` or `outputTokens` say what. */
  'ignore_cap',
  /** 200 with a page of HTML, as a proxy in between would answer. */
  'html',
] as const;
export type Fault = (typeof FAULTS)[number];

/** The sandbox's most, whatever is asked of it: tokens. */
const MOST_TOKENS = 1_000_000;
/** Longest wait before the headers, ms: as long as the SDKs would wait. */
const LONGEST_DELAY_MS = 600_000;

/** Arguments that are a string go out as they are, so they may be malformed. */
const toolCallSchema = z.strictObject({
  name: z.string().min(1),
  arguments: z.union([z.string(), z.record(z.string(), z.unknown())]).default({}),
});
export type ScriptedCall = z.output<typeof toolCallSchema>;

/** How an answer differs from the model's own. Everything can be combined with everything. */
export const behaviourSchema = z
  .strictObject({
    /** Before the headers. */
    delayMs: z.int().min(0).max(LONGEST_DELAY_MS).optional(),
    tokensPerSecond: z.number().positive().max(MOST_TOKENS).optional(),
    /** What to say; or how much; or as much as the cap allows, which then ends it. */
    text: z.string().optional(),
    outputTokens: z.int().min(0).max(MOST_TOKENS).optional(),
    useWholeCap: z.boolean().optional(),
    /** So many tokens, each the moment at which it goes out (answer/moment.ts). */
    moments: z.int().min(1).max(MOST_TOKENS).optional(),
    reasoningTokens: z.int().min(0).max(MOST_TOKENS).optional(),
    toolCalls: z.array(toolCallSchema).optional(),
    /** Call tools only while fewer results than this came since the last words of a person. */
    whileToolResultsBelow: z.int().min(1).optional(),
    /**
     * A model that can be talked into anything: it makes each call here whose name stands behind "obey " anywhere in
     * its context, whoever wrote that (answer/obey.ts).
     */
    obeys: z.record(z.string().regex(/^\w+$/), toolCallSchema).optional(),
    /** Stands where the usage would; null leaves it out. What is logged as billed stays true. */
    usage: z.unknown().optional(),
    fault: z.enum(FAULTS).optional(),
    afterChunks: z.int().min(0).optional(),
    /** For `rate_limit`. */
    retryAfterSeconds: z.int().min(0).default(1),
  })
  .refine(
    ({ text, outputTokens, useWholeCap, moments }) =>
      [text, outputTokens, useWholeCap, moments].filter((value) => value !== undefined).length <= 1,
    'Only one of text, outputTokens, useWholeCap and moments can say how much goes out.',
  );
export type Behaviour = z.output<typeof behaviourSchema>;
/** A behaviour as a test writes it. */
export type BehaviourInput = z.input<typeof behaviourSchema>;

export const NO_BEHAVIOUR: Behaviour = behaviourSchema.parse({});
