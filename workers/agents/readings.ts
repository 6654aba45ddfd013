/** Readings that are due are spread over about so many turns of the event loop: with 8, 250 replies fall behind. */
const TURNS = 4;

interface Moment {
  readings: (() => void)[];
  leave(): void;
}

const moments: Moment[] = [];
/** Readings of all moments that have not had their turn. */
let due = 0;

/**
 * Does a moment's readings a few a turn of the event loop, then lets their pieces leave together: what else there is to
 * do (a question that came, Postgres's answer to one) waits behind a few, not behind all. With 200 replies at once an
 * event waited 1.4 ms on average where a moment was one turn, and 0.4 ms with one reading a turn, which in turn fell
 * behind from 200 replies on: so the more are due, the more have their turn.
 */
export function readInTurns(readings: (() => void)[], leave: () => void): void {
  due += readings.length;
  moments.push({ readings, leave });
  if (moments.length === 1) setImmediate(takeTurn);
}

function takeTurn(): void {
  // What a reading brings comes in the turn behind it: the last one's, too, before the pieces leave.
  if (moments[0]?.readings.length === 0) moments.shift()?.leave();
  const readings = moments[0]?.readings.splice(0, Math.ceil(due / TURNS)) ?? [];
  due -= readings.length;
  if (moments.length > 0) setImmediate(takeTurn);
  for (const read of readings) read();
}
