/** How long the same two pieces of work took at one moment: the machine's own speed then. */
export interface Calibration {
  /** Additions and multiplications in registers, ms: shows a processor that others share. */
  loopMs: number;
  /** A walk through {@link WALK_BYTES} of memory, ms: shows caches and memory that others use. */
  walkMs: number;
}

/** Rounds of the integer loop: about 40 ms on a quiet core, long enough to lose a time slice when it is shared. */
const LOOP_ROUNDS = 40_000_000;
/** Larger than a core's own caches. */
const WALK_BYTES = 16 * 1_048_576;
/** A cache line, bytes: the walk touches each once. */
const LINE_BYTES = 64;
/** Walks per calibration: one alone takes a millisecond or two. */
const WALKS = 20;
const WORDS = new Int32Array(WALK_BYTES / Int32Array.BYTES_PER_ELEMENT);

/** Takes about 80 ms of one core. */
export function calibrate(): Calibration {
  const loopFrom = performance.now();
  let value = 1;
  for (let i = 0; i < LOOP_ROUNDS; i += 1) value = (Math.imul(value, 1_664_525) + 1_013_904_223) | 0;
  const walkFrom = performance.now();
  const step = LINE_BYTES / Int32Array.BYTES_PER_ELEMENT;
  for (let walk = 0; walk < WALKS; walk += 1) {
    for (let i = 0; i < WORDS.length; i += step) WORDS[i] = (WORDS[i] ?? 0) + value;
  }
  return { loopMs: walkFrom - loopFrom, walkMs: performance.now() - walkFrom };
}
