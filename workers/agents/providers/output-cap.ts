import type { ProviderEvent } from './provider';

/** No running text has tokens this long on average, bytes: English has 4 to 5, Chinese 3 to 4, code 3 to 4. */
const BYTES_PER_TOKEN = 8;

/**
 * Counts a reply's tokens for servers that ignore the cap, never more than there are: each piece of a stream holds at
 * least one token, and BYTES_PER_TOKEN bytes at least one. So a reply within the cap is never cut, and one that runs on
 * is, at the latest at twice the cap in tokens of usual length.
 */
export class OutputCap {
  private pieces = 0;
  private bytes = 0;

  /** @param maxTokens the request's cap */
  constructor(private readonly maxTokens: number) {}

  /** Counts the event in. Is the reply surely over the cap now? */
  isExceededBy(event: ProviderEvent): boolean {
    if (event.type === 'text') this.count(Buffer.byteLength(event.text));
    else if (event.type === 'hidden') this.count(event.bytes);
    return Math.max(this.pieces, Math.ceil(this.bytes / BYTES_PER_TOKEN)) > this.maxTokens;
  }

  private count(bytes: number): void {
    this.pieces += 1;
    this.bytes += bytes;
  }
}
