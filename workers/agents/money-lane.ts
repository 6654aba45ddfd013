/**
 * Holds and settlements of one business that a process has before Postgres at once. Under a budget they queue for its
 * row there anyway: two keep that row busy, one at work and one on its way. Measured with a hundred runs in a process
 * under one budget: without this they had all its connections, leases were not renewed in time, and calls were made
 * twice.
 */
const AT_ONCE = 2;
/** Where no budget applies, nobody waits for a row: half of a process's connections (DATABASE_POOL) at most. */
const AT_ONCE_WITHOUT_BUDGET = 5;

/** A settlement goes first: it gives back the money that holds wait for. */
export type MoneyWork = 'settlement' | 'hold';

/**
 * Does `work` when it is its turn among the business's.
 * @param hasBudget what the work learned: does a budget apply?
 */
export type MoneyLane = <T>(
  businessId: string,
  kind: MoneyWork,
  work: () => Promise<T>,
  hasBudget?: (result: T) => boolean,
) => Promise<T>;

interface Lane {
  running: number;
  atOnce: number;
  waiting: Record<MoneyWork, (() => void)[]>;
}

export function createMoneyLane(): MoneyLane {
  const lanes = new Map<string, Lane>();

  async function enter(lane: Lane, kind: MoneyWork): Promise<void> {
    if (lane.running < lane.atOnce) lane.running += 1;
    else await new Promise<void>((resolve) => lane.waiting[kind].push(resolve));
  }

  /** Its place goes to the next ones, or is free again. */
  function leave(lane: Lane, businessId: string): void {
    lane.running -= 1;
    while (lane.running < lane.atOnce) {
      const next = lane.waiting.settlement.shift() ?? lane.waiting.hold.shift();
      if (!next) break;
      lane.running += 1;
      next();
    }
    if (lane.running === 0) lanes.delete(businessId);
  }

  return async (businessId, kind, work, hasBudget) => {
    const lane = lanes.get(businessId) ?? {
      running: 0,
      atOnce: AT_ONCE,
      waiting: { settlement: [], hold: [] },
    };
    lanes.set(businessId, lane);
    await enter(lane, kind);
    try {
      const result = await work();
      if (hasBudget) lane.atOnce = hasBudget(result) ? AT_ONCE : AT_ONCE_WITHOUT_BUDGET;
      return result;
    } finally {
      leave(lane, businessId);
    }
  };
}
