/**
 * Longest time in which a provider may say nothing, ms: while connecting, before the headers, and between any two
 * pieces of the body. Providers ping every few seconds while a model thinks, so nothing at all for half a minute is a
 * dead connection. The SDKs' own timeout ends with the headers.
 */
export const IDLE_TIMEOUT_MS = 30_000;

/**
 * Calls `onEnd` when nothing came for `limitMs`. Only time in which we wait for the provider counts: between
 * {@link pause} and {@link resume} whoever reads the events is at work, and the socket may be held back by us.
 */
export class IdleTimeout {
  private deadline: number;
  private timer: NodeJS.Timeout | undefined;
  private isPaused = false;
  private isFixed = false;

  constructor(
    private readonly limitMs: number,
    private readonly onEnd: () => void,
  ) {
    this.deadline = performance.now() + limitMs;
    this.arm();
  }

  /** Something came from the provider. */
  touch(): void {
    if (!this.isFixed) this.deadline = performance.now() + this.limitMs;
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
    this.touch();
  }

  /** From now on it ends after `ms`, whatever still comes. */
  endWithin(ms: number): void {
    if (this.isFixed) return;
    this.isFixed = true;
    this.deadline = performance.now() + ms;
    this.arm();
  }

  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.isFixed = true;
  }

  /** One timer that looks at the deadline: moving a timer with every byte would cost more than the byte. */
  private arm(): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.look(), Math.max(0, this.deadline - performance.now()));
  }

  private look(): void {
    if (this.isPaused && !this.isFixed) {
      this.touch();
      return this.arm();
    }
    if (performance.now() < this.deadline) return this.arm();
    // After a stall of our own process what had come meanwhile is read only now: look again behind it.
    setImmediate(() => {
      if (this.timer === undefined) return;
      if (performance.now() < this.deadline) this.arm();
      else this.onEnd();
    });
  }
}
