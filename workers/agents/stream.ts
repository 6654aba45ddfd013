import { REPLY_SAVE_MS } from '../../domain/runs/limits';
import { TURN_SEPARATOR } from '../../domain/runs/reply';
import { msToTick } from '../../lib/clock';
import { isHighSurrogate } from './count-tokens';
import { beginFlow, isCrowded, type Flow } from './delta-ticks';
import type { Reading } from './providers/provider';

export interface ReplyStreamOptions {
  /** Whom it is for. */
  userId: string;
  /** What the message holds already: the text of finished turns. */
  content: string;
  /** Announces `text`, which belongs at `position`, UTF-16 code units. */
  announce(delta: { position: number; text: string }): void;
  /** Writes the text so far. false: the run is another's by now. */
  save(content: string): Promise<boolean>;
  /** Called once where `save` says false. */
  onLost(): void;
  /** A save that failed; the next one, or the end, writes the text again. */
  onSaveFailed(error: unknown): void;
}

/**
 * A reply's text on its way to the people who wait for it: the first piece at once, later ones rolled up, no
 * piece ends within a character.
 */
export class ReplyStream {
  private text: string;
  /** Code units that were announced. */
  private announced: number;
  private savedLength: number;
  /** A high surrogate whose other half has not come yet. */
  private half = '';
  /** Where the text of the turn under way begins. */
  private turnStart: number;
  /** A delta went out within the last DELTA_EVERY_MS. */
  private isPausing = false;
  private saveTimer: NodeJS.Timeout | undefined;
  private saving: Promise<void> | undefined;
  private reading: Reading | undefined;
  private isOver = false;
  private hasDropped = false;

  constructor(private readonly options: ReplyStreamOptions) {
    this.text = options.content;
    this.announced = this.text.length;
    this.savedLength = this.text.length;
    this.turnStart = this.text.length;
  }

  /** Behind what was said so far comes another turn's text, in a paragraph of its own. */
  startTurn(): void {
    this.half = '';
    this.turnStart = this.text.length;
  }

  /** Where so many replies flow that pieces leave less often, the answer is read no more often than they leave. */
  takeFrom(reading: Reading): void {
    this.reading = reading;
  }

  /** What the turn under way has said. */
  get turnText(): string {
    return this.text.slice(this.turnStart);
  }

  get content(): string {
    return this.text;
  }

  /** Text came after the end: what the provider said is more than the message has. */
  get isCut(): boolean {
    return this.hasDropped;
  }

  /** Postgres stores neither NUL nor half a surrogate pair. */
  push(piece: string): void {
    if (this.isOver) {
      this.hasDropped = true;
      return;
    }
    let clean = this.half + piece.replaceAll('\0', '');
    this.half = '';
    if (clean !== '' && isHighSurrogate(clean.charCodeAt(clean.length - 1))) {
      this.half = clean.slice(-1);
      clean = clean.slice(0, -1);
    }
    if (clean === '') return;
    // A claim joins the turns' texts in the same way (domain/runs/reply): positions are the same after it.
    if (this.text !== '' && this.turnStart === this.text.length) {
      this.text += TURN_SEPARATOR;
      this.turnStart = this.text.length;
    }
    this.text += clean.toWellFormed();
    if (!this.isPausing) {
      this.announceRest();
      void this.rollUp();
    }
    this.saveTimer ??= setTimeout(() => this.saveNow(), msToTick(REPLY_SAVE_MS));
  }

  /**
   * Ends it: announces what is left where the message keeps it, nothing where another worker begins the reply anew.
   * Resolves once no save is under way any more.
   */
  async close({ announceRest }: { announceRest: boolean }): Promise<void> {
    if (this.isOver) return this.saving;
    this.isOver = true;
    clearTimeout(this.saveTimer);
    if (announceRest) this.announceRest();
    await this.saving;
  }

  /** Rolls up what comes behind a delta, until a tick finds nothing new. */
  private async rollUp(): Promise<void> {
    this.isPausing = true;
    const flow = beginFlow(this.options.userId);
    try {
      // The first tick may come right behind that delta.
      await this.tick(flow);
      await this.tick(flow);
      while (!this.isOver && this.announced < this.text.length) {
        this.announceRest();
        await this.tick(flow);
      }
    } finally {
      flow.end();
      this.isPausing = false;
    }
  }

  private async tick(flow: Flow): Promise<void> {
    const held = isCrowded() ? this.reading : undefined;
    held?.hold();
    await flow.next(held && (() => held.release()));
  }

  private announceRest(): void {
    if (this.announced === this.text.length) return;
    const position = this.announced;
    this.announced = this.text.length;
    this.options.announce({ position, text: this.text.slice(position) });
  }

  private saveNow(): void {
    this.saving = this.save().finally(() => {
      this.saving = undefined;
      this.saveTimer = undefined;
      if (this.isOver || this.savedLength === this.text.length) return;
      this.saveTimer = setTimeout(() => this.saveNow(), msToTick(REPLY_SAVE_MS));
    });
  }

  private async save(): Promise<void> {
    const content = this.text;
    try {
      if (await this.options.save(content)) this.savedLength = content.length;
      else this.lose();
    } catch (error) {
      this.options.onSaveFailed(error);
    }
  }

  private lose(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.options.onLost();
  }
}
