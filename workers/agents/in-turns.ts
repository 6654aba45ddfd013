const waiting: (() => void)[] = [];

/**
 * Does one thing in each turn of the event loop, in the order in which they came: what another has to do meanwhile (a
 * question that came, Postgres's answer to one) waits behind one of them, not behind all.
 */
export function inTurns(work: () => void): void {
  waiting.push(work);
  if (waiting.length === 1) setImmediate(takeNext);
}

function takeNext(): void {
  const work = waiting[0];
  // Ahead of the work: whatever it throws, the next one has its turn.
  if (waiting.length > 1) setImmediate(takeNext);
  waiting.shift();
  work?.();
}
