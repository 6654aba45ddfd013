/** Microseconds on the system's monotonic clock, which all processes of one machine share. */
export const nowMicros = (): number => Number(process.hrtime.bigint() / 1_000n);
