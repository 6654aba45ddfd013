import { nowMicros } from '../../lib/clock';

/** A moment's unit, microseconds. */
const UNIT_MICROS = 100;
const RADIX = 36;
/** As long as a token is in a real reply, with its space. */
const DIGITS = 4;
/** Moments come again after 168 s, far behind any delay. */
const WRAP = RADIX ** DIGITS;

const now = (): number => Math.floor(nowMicros() / UNIT_MICROS) % WRAP;

/** The moment, as a word of four characters that all processes of one machine understand. */
export const momentNow = (): string => now().toString(RADIX).padStart(DIGITS, '0');

/** Time since the moment with which `text` begins, ms, to a tenth. */
export const msSinceMoment = (text: string): number =>
  (((now() - Number.parseInt(text, RADIX) + WRAP) % WRAP) * UNIT_MICROS) / 1_000;
