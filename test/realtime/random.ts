/** Mulberry32: the same seed is the same run, as far as timing allows. */
export function randomOf(seed: number) {
  let state = seed;
  return (below: number): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}
/** A whole number from 0 up to, without, the given one. */
export type Random = ReturnType<typeof randomOf>;
