/** The same cases each time; another seed or more cases for a long run of one's own. A failure prints its seed. */
export const SEED = Number(process.env.FUZZ_SEED ?? 20_261_121);
/** How many of each operation. */
export const CASES = Number(process.env.FUZZ_CASES ?? 8);
