import { isHighSurrogate } from './count-tokens';

/** What the note takes, tokens. */
export const NOTE_TOKENS = 24;
const NOTE = (chars: number) =>
  `\n\n[… ${chars} characters were left out here because they did not fit …]\n\n`;

/**
 * The beginning and the end of a text that is too long, with a note between them that says how much is missing.
 * @param maxChars about; the note comes on top
 */
export function truncateMiddle(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text;
  let head = Math.ceil(maxChars / 2);
  let tail = text.length - Math.floor(maxChars / 2);
  if (head > 0 && isHighSurrogate(text.charCodeAt(head - 1))) head -= 1;
  if (tail < text.length && tail > 0 && isHighSurrogate(text.charCodeAt(tail - 1))) tail += 1;
  return text.slice(0, head) + NOTE(tail - head) + text.slice(tail);
}
