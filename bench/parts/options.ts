import { parseArgs } from 'node:util';
import { StartupError } from '../../lib/errors';

/** Turns of ours and baseline in each comparison, unless told otherwise. */
const DEFAULT_ROUNDS = 5;
/** Fewer say nothing about range. */
const LEAST_ROUNDS = 1;

export interface Options {
  /** Measurements to run; none named means all. */
  names: string[];
  rounds: number;
}

let profileDirectory: string | undefined;

/** `npm run bench -- [name ...] [--rounds=5] [--cpu-prof=folder]` */
export function readOptions(args: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { rounds: { type: 'string' }, 'cpu-prof': { type: 'string' } },
  });
  profileDirectory = values['cpu-prof'];
  const rounds = Number(values.rounds ?? DEFAULT_ROUNDS);
  if (!Number.isInteger(rounds) || rounds < LEAST_ROUNDS)
    throw new StartupError('--rounds takes a whole number.');
  return { names: positionals, rounds };
}

/** For every process that is measured: Node writes a CPU profile when it ends. */
export const nodeArguments = (): string[] =>
  profileDirectory === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileDirectory}`];
