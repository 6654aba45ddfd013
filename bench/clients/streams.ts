import { setTimeout as sleep } from 'node:timers/promises';
import { nowMicros } from '../../lib/clock';

/** One answer, as whoever asked saw it. */
export interface Answered {
  /** From asking to the first words, ms. */
  firstMs: number;
  /** How late each piece was: from the moment its oldest token was sent to its arrival, ms. */
  lagsMs: number[];
}

/** Asks, and resolves when the answer has ended. */
export type Ask = () => Promise<Answered>;

/** How late a piece is whose text is moments (sandbox, "moments"), ms. */
export const lagOf = (text: string): number => (nowMicros() - Number.parseInt(text, 10)) / 1_000;

/**
 * Keeps as many answers under way as there are askers, each asking again when its answer has ended. They begin spread
 * over the time one answer takes, as people do.
 * @param counts answers of each asker: those that warm connections and code and are left out, then those measured
 */
export async function keepStreaming(
  askers: readonly Ask[],
  { warmUp, each }: { warmUp: number; each: number },
  answerMs: number,
): Promise<Answered[]> {
  const answered = await Promise.all(
    askers.map(async (ask, index) => {
      await sleep((index / askers.length) * answerMs);
      for (let n = 0; n < warmUp; n += 1) await ask();
      const own: Answered[] = [];
      for (let n = 0; n < each; n += 1) own.push(await ask());
      return own;
    }),
  );
  return answered.flat();
}
