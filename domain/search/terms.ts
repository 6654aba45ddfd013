/** What someone searches for, as the statements take it. */
export interface SearchTerms {
  /** For websearch_to_tsquery. */
  query: string;
  /** For to_tsquery: each word may be the beginning of one. null where the query has operators, which it would undo. */
  prefixes: string | null;
  /** For ilike: the words as they stand, also in the middle of another. null as above. */
  pattern: string | null;
  /** Its words in lower case, to find what is shown of a hit. */
  words: string[];
}

/** A phrase, an excluded word, or "or": websearch_to_tsquery's operators. */
const OPERATORS = /"|(^|\s)-\S|\sor\s/i;

export function termsOf(query: string): SearchTerms {
  const words = query.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  const plain = !OPERATORS.test(query);
  return {
    query,
    prefixes: plain && words.length > 0 ? words.map((word) => `${word}:*`).join(' & ') : null,
    pattern: plain ? `%${query.replace(/[\\%_]/g, '\\$&')}%` : null,
    words,
  };
}

/** Text around a hit's first word, UTF-16 code units each side. */
const AROUND = 100;

/** The part of a text in which the first of the words stands; its beginning where none does. */
export function snippetOf(text: string, words: readonly string[]): string {
  const lower = text.toLowerCase();
  const places = words.map((word) => lower.indexOf(word)).filter((place) => place >= 0);
  const place = places.length > 0 ? Math.min(...places) : 0;
  const [start, end] = [Math.max(0, place - AROUND), place + AROUND];
  const part = text.slice(start, end).replaceAll(/\s+/g, ' ').toWellFormed();
  return `${start > 0 ? '…' : ''}${part}${end < text.length ? '…' : ''}`;
}
