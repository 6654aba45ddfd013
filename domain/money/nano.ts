/** Money is whole nano-dollars (1 USD = 10^9) in a BigInt, and a decimal string at the edges; never a float. */
export const NANO_PER_DOLLAR = 1_000_000_000n;
const DECIMALS = 9;

/** The largest amount anyone may state: a billion dollars, a ninth of what a bigint column holds. */
export const MAX_NANO = 1_000_000_000n * NANO_PER_DOLLAR;

const AMOUNT = /^(\d+)(?:\.(\d+))?$/;

/** A text is not an amount of money. `message` completes "limit ...": `has more than nine decimals`. */
export class AmountError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'AmountError';
  }
}

/**
 * US dollars as decimal text ("12.50", "0.000000001") to nano-dollars, exactly.
 * @throws AmountError for anything else, a sign, an exponent and more than nine decimals included
 */
export function parseNano(dollars: string): bigint {
  const match = AMOUNT.exec(dollars);
  if (!match) throw new AmountError('must be an amount in US dollars such as "12.50"');
  const [, whole = '', fraction = ''] = match;
  if (fraction.length > DECIMALS) throw new AmountError('has more than nine decimals');
  // Before BigInt reads it: that takes time with the square of the length.
  if (whole.replace(/^0+/, '').length > DECIMALS + 1) throw outOfRange();
  const nano = BigInt(whole) * NANO_PER_DOLLAR + BigInt(fraction.padEnd(DECIMALS, '0'));
  if (nano > MAX_NANO) throw outOfRange();
  return nano;
}

const outOfRange = () => new AmountError('must be at most 1000000000 US dollars');

/** Nano-dollars as US dollars in decimal text, exactly and without trailing zeros: "0", "12.5", "0.000000001". */
export function formatNano(nano: bigint): string {
  const sign = nano < 0n ? '-' : '';
  const digits = (nano < 0n ? -nano : nano).toString().padStart(DECIMALS + 1, '0');
  const fraction = digits.slice(-DECIMALS).replace(/0+$/, '');
  return `${sign}${digits.slice(0, -DECIMALS)}${fraction && `.${fraction}`}`;
}
