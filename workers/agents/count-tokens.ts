/**
 * Loaded with the first count: it takes 70 MB and holds the process up for 0.2 s, once, and most answers are far within
 * their window.
 */
const loadTokenizer = () => import('gpt-tokenizer/encoding/o200k_base');

/**
 * Characters that are tokenized in one go. A tokenizer's time grows with the square of a text without spaces:
 * 2,000 take at most 25 ms, 100,000 equal letters in one piece 10 s.
 */
const SLICE_CHARS = 2_000;

/** Special tokens that stand in a text are text: by default `<|endoftext|>` in it throws. */
const AS_TEXT = { disallowedSpecial: new Set<string>() };

/** What a chat's template adds to a message, tokens: its role and its borders, in any format we know of. */
export const MESSAGE_OVERHEAD_TOKENS = 16;

/** The slices of a text, cut between characters and never within one. */
export function* slicesOf(text: string): Generator<string> {
  for (let from = 0; from < text.length;) {
    let to = Math.min(from + SLICE_CHARS, text.length);
    if (to < text.length && isHighSurrogate(text.charCodeAt(to - 1))) to -= 1;
    yield text.slice(from, to);
    from = to;
  }
}

export const isHighSurrogate = (code: number): boolean => code >= 0xd8_00 && code <= 0xdb_ff;

/**
 * About how many tokens a text has, for fitting it into a window; money goes by bytes. Other vendors' tokenizers
 * differ by some percent. Gives other work its turn after every slice.
 */
export async function countTokens(text: string): Promise<number> {
  const tokenizer = await loadTokenizer();
  let tokens = 0;
  for (const slice of slicesOf(text)) {
    tokens += tokenizer.countTokens(slice, AS_TEXT);
    await new Promise(setImmediate);
  }
  return tokens;
}
