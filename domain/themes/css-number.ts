/** A CSS number without an exponent: short enough that every one of them is a double. */
export const NUMBER = String.raw`[+-]?(?:\d{1,6}(?:\.\d{1,12})?|\.\d{1,12})`;

/** Decimals that survive: more than any screen shows, and few enough that writing and reading again agree. */
const DECIMALS = 4;

export const round = (value: number): number => Number(value.toFixed(DECIMALS));

/** @returns the number's shortest text, never in exponents and never `-0` */
export const numberText = (value: number): string => String(round(value) + 0);
