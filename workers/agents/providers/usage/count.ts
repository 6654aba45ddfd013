/** A token count as a provider may give it. null for everything that is none: absent, text, negative, a fraction. */
export const countOf = (value: unknown): number | null =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null;

/** The field of something that may not be an object at all. */
export function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}

/**
 * Splits a total into a part of it and the rest. A part that is unknown, or larger than its total, stays unknown, and
 * the total is the rest: so the two always add up to what was billed.
 */
export function splitOff(
  total: number | null,
  part: number | null,
): { rest: number | null; part: number | null } {
  if (total === null) return { rest: null, part };
  if (part === null || part > total) return { rest: total, part: null };
  return { rest: total - part, part };
}
