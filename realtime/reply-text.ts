import type { MessageDelta } from './events';

/** A piece as it comes, over a socket or as a server-sent event. */
export type TextPiece = Pick<MessageDelta, 'epoch' | 'position' | 'text'>;

/** Of a run's epochs, which count from 1: none was seen yet. */
const NO_EPOCH = 0;

/**
 * One reply's text as a client holds it, and the whole rule by which it is put together (product.md, "Tokens"): a
 * piece belongs at its position of its epoch. What overlaps is taken once, what lies behind a gap waits, and text of
 * an earlier epoch is void. For tests and for the terminal, and as the reference for other clients.
 *
 * Who comes late or has missed something ({@link isMissing}) reads the run, then its message, and hands both to
 * {@link take}; pieces that come meanwhile are kept.
 */
export class ReplyText {
  private held = '';
  private newest = NO_EPOCH;
  private waiting: TextPiece[] = [];

  get text(): string {
    return this.held;
  }

  get epoch(): number {
    return this.newest;
  }

  /** There is text behind what is held that nobody sends again: read the message. */
  get isMissing(): boolean {
    return this.waiting.length > 0;
  }

  /** Takes a `message.delta`. */
  add(piece: TextPiece): void {
    this.begin(piece.epoch);
    if (piece.epoch < this.newest) return;
    this.waiting.push(piece);
    this.join();
  }

  /**
   * Takes the message as it was read.
   * @param epoch the run's, read before the message: text of a newer one is then void as soon as that one is heard of
   */
  take(content: string, epoch: number): void {
    this.begin(epoch);
    if (epoch < this.newest) return;
    if (content.length > this.held.length) this.held = content;
    this.join();
  }

  /** Takes a `run.changed`: another worker began the reply anew, and nothing of before counts. */
  begin(epoch: number): void {
    if (epoch <= this.newest) return;
    this.newest = epoch;
    this.held = '';
    this.waiting = [];
  }

  private join(): void {
    this.waiting.sort((a, b) => a.position - b.position);
    while (this.waiting[0] && this.waiting[0].position <= this.held.length) {
      const { position, text } = this.waiting.shift() as TextPiece;
      this.held += text.slice(this.held.length - position);
    }
  }
}
