import { setTimeout as sleep } from 'node:timers/promises';

/** One answer, as whoever asked saw it. */
export interface Answered {
  /** From asking to the first words, ms. */
  firstMs: number;
  /** How late each piece was: from the moment its oldest token was sent to its arrival, ms. */
  lagsMs: number[];
}

/** Asks for so many tokens, and resolves when the answer has ended. */
export type Ask = (tokens: number) => Promise<Answered>;

/** Answers of one length, so many at once. */
export interface Load {
  streams: number;
  /** Of one answer. */
  tokens: number;
  /** Answers that are measured of each stream. */
  each: number;
  /** Of every answer. */
  tokensPerSecond: number;
}

/** Short answers that come before anything is measured, and how many are under way at once. */
const WARM_UP_ANSWERS = 2_000;
export const WARM_UP_STREAMS = 50;
const WARM_UP_TOKENS = 10;

/**
 * Answers from beginning to end, once before all rounds: code that runs once an answer is compiled for good only behind
 * many of them, as it is in a process that has been up for a while. One answer alone had its first words 3 ms later
 * behind 100 of them than behind 2,000.
 */
export async function warmUp(askers: readonly Ask[]): Promise<void> {
  await Promise.all(
    askers.map(async (ask) => {
      for (let n = 0; n < WARM_UP_ANSWERS / askers.length; n += 1) await ask(WARM_UP_TOKENS);
    }),
  );
}

/**
 * Keeps as many answers under way as there are askers, each asking again when its answer has ended. They begin spread
 * over the time one answer takes, as people do; the first of each, in which there are fewer, is not measured.
 */
export async function keepStreaming(
  askers: readonly Ask[],
  { tokens, each, tokensPerSecond }: Omit<Load, 'streams'>,
): Promise<Answered[]> {
  const answerMs = (tokens / tokensPerSecond) * 1_000;
  const answered = await Promise.all(
    askers.map(async (ask, index) => {
      await sleep((index / askers.length) * answerMs);
      await ask(tokens);
      const own: Answered[] = [];
      for (let n = 0; n < each; n += 1) own.push(await ask(tokens));
      return own;
    }),
  );
  return answered.flat();
}
