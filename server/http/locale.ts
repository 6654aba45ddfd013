import { z } from 'zod';

/** RFC 5646, 4.4.1: what a reader must be able to hold. */
const MAX_LOCALE_CHARACTERS = 35;

function canonicalLocale(text: string): string | undefined {
  try {
    return Intl.getCanonicalLocales(text)[0];
  } catch {
    return undefined;
  }
}

/** A language tag of BCP 47, written as its registry writes it: `en-us` becomes `en-US`. */
export const localeSchema = z
  .string()
  .max(MAX_LOCALE_CHARACTERS)
  .regex(/^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$/, {
    error: 'is not a language tag like "en" or "de-CH"',
    abort: true,
  })
  .refine((text) => canonicalLocale(text) !== undefined, 'is not a language tag like "en" or "de-CH"')
  .overwrite((text) => canonicalLocale(text) ?? text);
