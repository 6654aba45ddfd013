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

/**
 * Short answers from beginning to end, before anything else: connections are opened, and code and statements that only
 * an answer's end runs are as warm as those of its beginning. Without them most of the slowest answers began among
 * the first ends, which all streams reach within one answer's time.
 */
const WARM_UP_ANSWERS = 60;
const WARM_UP_TOKENS = 25;
/** Between the first questions of two askers, ms. */
const WARM_UP_PAUSE_MS = 20;

/**
 * Keeps as many answers under way as there are askers, each asking again when its answer has ended. They begin spread
 * over the time one answer takes, as people do; the first of each, in which there are fewer, is not measured.
 */
export async function keepStreaming(
  askers: readonly Ask[],
  { tokens, each, tokensPerSecond }: Omit<Load, 'streams'>,
): Promise<Answered[]> {
  await Promise.all(
    askers.map(async (ask, index) => {
      await sleep(index * WARM_UP_PAUSE_MS);
      for (let n = 0; n < WARM_UP_ANSWERS / askers.length; n += 1) await ask(WARM_UP_TOKENS);
    }),
  );
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
