import { countTokens } from '../count-tokens';
import type { ProviderEvent } from './provider';

/** Bytes per token of what is not tokenized (yet): English has 4 to 5, Chinese 3 to 4, code 3 to 4. */
const BYTES_PER_TOKEN = 5;
/** Text is tokenized in stretches of so many characters: words that come in pieces are whole, and it costs µs. */
const STRETCH_CHARS = 200;

/**
 * Counts a reply's tokens for a server that ignores the cap, as they come: each piece of a stream is one at least, and
 * text of larger pieces is what our tokenizer makes of it. What other tokenizers make more of it, and what is under way
 * when the connection is closed, is in the call's hold (domain/money/estimate, outputWhenCutAt). A reply close to its
 * cap may so be cut a little early; one that runs on costs no more than was held for it.
 */
export class OutputCap {
  private pieces = 0;
  /** Tokens of the stretches that were tokenized. */
  private tokens = 0;
  private stretch = '';
  private hiddenBytes = 0;

  /** @param maxTokens the request's cap */
  constructor(private readonly maxTokens: number) {}

  /** Counts the event in. Is the reply over the cap now? */
  async isExceededBy(event: ProviderEvent): Promise<boolean> {
    if (event.type !== 'text' && event.type !== 'hidden') return false;
    this.pieces += 1;
    if (event.type === 'text') this.stretch += event.text;
    else this.hiddenBytes += event.bytes;
    if (this.isExceeded()) return true;
    if (this.stretch.length < STRETCH_CHARS) return false;
    this.tokens += await countTokens(this.stretch);
    this.stretch = '';
    return this.isExceeded();
  }

  private isExceeded(): boolean {
    const bytes = Buffer.byteLength(this.stretch) + this.hiddenBytes;
    return Math.max(this.pieces, this.tokens + Math.ceil(bytes / BYTES_PER_TOKEN)) > this.maxTokens;
  }
}
