import { estimateOf, type CountedTokens } from './estimate';
import { NANO_PER_DOLLAR } from './nano';
import { costOf, isComplete, type Price } from './price';
import type { TokenUsage } from './usage';

/**
 * How a call to a provider ended.
 * `completed`: the terminal marker came. `stopped`: we closed it on purpose. `failed`: it broke after it was sent.
 * `unsent` and `refused`: nothing was billed (ProviderError.fate). `unknown`: nobody can say (a crash, or `failed`
 * before anything came).
 */
export type CallOutcome = 'completed' | 'stopped' | 'failed' | 'unsent' | 'refused' | 'unknown';

export interface Settlement {
  outcome: CallOutcome;
  /** As the provider told it last; NO_USAGE where it told nothing. */
  usage: TokenUsage;
  /** What we counted, for a call whose usage was not told to the end; undefined where nothing was. */
  counted?: CountedTokens | undefined;
  /** The model that answered, as the provider names it. */
  modelServed?: string | undefined;
  providerRequestId?: string | undefined;
  stopReason?: string | undefined;
  errorCode?: string | undefined;
}

/**
 * The most that one call is booked at: with a server that claims to have counted 2^53 tokens the sums would
 * overflow, and the call could never be settled. A million dollars.
 */
const MAX_COST_NANO = 1_000_000n * NANO_PER_DOLLAR;

/** What a call is booked at. */
export interface Booking {
  costNano: bigint;
  /** Not what the provider told, but what we think. */
  estimated: boolean;
  /** It cost more than the most it may: the provider ignored the cap. */
  overrun: boolean;
}

/**
 * What to book (architecture.md, "Settling"): nothing for what surely was not billed, the exact cost where the
 * provider told it, an estimate where it told part of it, the whole hold where nobody knows.
 */
export function bookingOf(settlement: Settlement, holdNano: bigint, price: Price | undefined): Booking {
  const { outcome, usage, counted } = settlement;
  if (outcome === 'unsent' || outcome === 'refused')
    return { costNano: 0n, estimated: false, overrun: false };
  if (!price) return { costNano: 0n, estimated: true, overrun: false };
  if (outcome === 'unknown') return { costNano: holdNano, estimated: true, overrun: false };
  if (outcome === 'completed' && isComplete(usage)) {
    const costNano = toldCost(usage, price);
    return { costNano, estimated: false, overrun: costNano > holdNano };
  }
  // What it told so far was billed, even where that is more than it may.
  const told = toldCost(usage, price);
  const estimate = estimateOf(usage, counted, holdNano, price);
  return {
    costNano: told > estimate ? told : estimate,
    estimated: true,
    overrun: told > holdNano,
  };
}

function toldCost(usage: TokenUsage, price: Price): bigint {
  const cost = costOf(usage, price);
  return cost < MAX_COST_NANO ? cost : MAX_COST_NANO;
}
