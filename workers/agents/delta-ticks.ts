import { readInTurns } from './readings';

/** Deltas leave at most once in this time, ms (product.md): people see no difference, sockets do. */
export const DELTA_EVERY_MS = 40;

/** Of a process with many replies at once, ms: a screen that shows eight pieces a second still flows. */
const DELTA_AT_LEAST_EVERY_MS = 120;
/** Each delta costs sockets and servers their part, whatever its length: 2,500 a second take a sixth of a core there. */
const MOST_DELTAS_PER_SECOND = 2_500;

/**
 * Moments in that time at which pieces leave: with one, all 200 replies of a process are at work at once, and whoever
 * asks something waits behind them. Sixteen in place of four took 20 to 30 ms off a token's way (p99). The pieces of
 * one person leave together, and share a message.
 */
const PHASES = 16;

/** Replies of this process whose text is flowing. */
let flowing = 0;

const everyMs = (): number =>
  Math.min(Math.max(DELTA_EVERY_MS, (flowing * 1_000) / MOST_DELTAS_PER_SECOND), DELTA_AT_LEAST_EVERY_MS);

interface Waiting {
  read: (() => void) | undefined;
  resolve(): void;
}

/** One of the moments, which comes again as long as a reply waits for it. */
class Phase {
  /** Replies whose pieces leave then. */
  flows = 0;
  private waiting: Waiting[] = [];
  private timer: NodeJS.Timeout | undefined;

  next(read: (() => void) | undefined): Promise<void> {
    this.timer ??= setTimeout(() => this.come(), everyMs());
    return new Promise((resolve) => this.waiting.push({ read, resolve }));
  }

  private come(): void {
    const due = this.waiting;
    this.waiting = [];
    this.timer = undefined;
    const readings = due.flatMap(({ read }) => (read ? [read] : []));
    readInTurns(readings, () => {
      for (const { resolve } of due) resolve();
    });
  }
}

const phases = Array.from({ length: PHASES }, () => new Phase());
const people = new Map<string, { phase: Phase; flows: number }>();

/** One person's replies share a phase; a person who comes anew gets the one with the fewest replies. */
function personOf(userId: string) {
  const known = people.get(userId);
  if (known) return known;
  const person = {
    phase: phases.reduce((least, phase) => (phase.flows < least.flows ? phase : least)),
    flows: 0,
  };
  people.set(userId, person);
  return person;
}

/** The moments at which pieces of one reply leave, while its text flows. */
export interface Flow {
  /**
   * Resolves at the next of them, behind all the readings of that moment.
   * @param read what came for this reply meanwhile
   */
  next(read?: () => void): Promise<void>;
  end(): void;
}

/** @param userId whom the reply is for */
export function beginFlow(userId: string): Flow {
  const person = personOf(userId);
  const { phase } = person;
  flowing += 1;
  person.flows += 1;
  phase.flows += 1;
  return {
    next: (read) => phase.next(read),
    end() {
      flowing -= 1;
      phase.flows -= 1;
      person.flows -= 1;
      if (person.flows === 0) people.delete(userId);
    },
  };
}

/** Are there so many replies that their pieces leave less often? */
export const isCrowded = (): boolean => everyMs() > DELTA_EVERY_MS;
