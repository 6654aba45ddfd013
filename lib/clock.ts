/**
 * Until the next of the moments that all timers of this length share, ms: what many do every so often meets there, and
 * can be done together.
 */
export const msToTick = (everyMs: number): number => everyMs - (Date.now() % everyMs);

/** Microseconds on the system's monotonic clock, which all processes of one machine share. */
export const nowMicros = (): number => Number(process.hrtime.bigint() / 1_000n);
