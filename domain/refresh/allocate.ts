/** A business with something due. */
export interface Contender {
  businessId: string;
  /** Widgets due and unclaimed. */
  due: number;
  /** Claims it holds already. */
  inFlight: number;
  /** Weighted work given to it so far. */
  virtualTime: number;
  weight: number;
}

export interface Allocation {
  businessId: string;
  take: number;
  virtualTime: number;
}

/**
 * How strongly free slots bound one business's share: it may hold at most this many times what is free. A
 * business alone gets two thirds, two get two fifths each, and something always stays free for whoever comes
 * next, even when every refresh under way hangs (dynamic thresholds: Choudhury and Hahne, 1998).
 */
const FREE_SHARE_FACTOR = 2;

/**
 * Divides free slots between businesses: round robin by weighted virtual time (start-time fair queueing: Goyal,
 * Vin and Cheng, 1996), no business above half of the slots while another waits (product.md).
 *
 * @param slots claims there may be at once
 * @param inFlight claims there are, of all businesses
 */
export function allocate(contenders: readonly Contender[], slots: number, inFlight: number): Allocation[] {
  const clock = virtualClock(contenders);
  const states = contenders.map((contender) => ({
    ...contender,
    virtualTime: Math.max(contender.virtualTime, clock),
    take: 0,
  }));
  const half = Math.max(1, Math.floor(slots / 2));
  let free = slots - inFlight;
  while (free > 0) {
    const waiting = states.filter((state) => state.take < state.due);
    const allowed = waiting.filter((state) => {
      const holds = state.inFlight + state.take;
      return (waiting.length === 1 || holds < half) && (holds === 0 || holds < FREE_SHARE_FACTOR * free);
    });
    const next = allowed.reduce<(typeof states)[number] | undefined>(
      (least, state) => (!least || state.virtualTime < least.virtualTime ? state : least),
      undefined,
    );
    if (!next) break;
    next.take += 1;
    next.virtualTime += 1 / next.weight;
    free -= 1;
  }
  return states
    .filter((state) => state.take > 0)
    .map(({ businessId, take, virtualTime }) => ({ businessId, take, virtualTime }));
}

/**
 * Where the round robin stands: a round behind whoever is furthest. Who waits in turn is never further back than
 * that and keeps its place. Who is further back did not want its turns: idle time earns no credit, or a business
 * quiet for a week could then take every slot for hours; nor is it held against a business that it worked alone.
 */
const virtualClock = (contenders: readonly Contender[]): number =>
  contenders.reduce((furthest, { virtualTime }) => Math.max(furthest, virtualTime), 1) - 1;
