import { calibrate, type Calibration } from './calibrate';

/** What one side measured in one round, by the figure's key. */
export type Figures = Record<string, number>;

/** Measures once. @param round counts from 0 */
export type Side = (round: number) => Promise<Figures>;

export interface Rounds {
  ours: Figures[];
  baseline: Figures[];
  /** Before the first round, between rounds, and after the last. */
  calibrations: Calibration[];
}

/** Ours and the baseline in turns, so that a slow minute of the machine meets both. */
export async function inTurns(rounds: number, ours: Side, baseline: Side): Promise<Rounds> {
  // Its first run is the compiler's.
  calibrate();
  const result: Rounds = { ours: [], baseline: [], calibrations: [calibrate()] };
  for (let round = 0; round < rounds; round += 1) {
    result.ours.push(await ours(round));
    result.baseline.push(await baseline(round));
    result.calibrations.push(calibrate());
  }
  return result;
}
