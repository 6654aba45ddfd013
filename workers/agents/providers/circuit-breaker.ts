import type { ProviderError } from './provider';

export interface BreakerLimits {
  /** Transient failures within `windowMs` that open the circuit: fewer are bad luck. */
  failures: number;
  windowMs: number;
  /** How long it stays open the first time, ms; doubled with every probe that fails, up to `longestOpenMs`. */
  openMs: number;
  longestOpenMs: number;
  /** A probe that says neither way for so long is given up, ms: its process's run may have died with it. */
  probeMs: number;
}

export const BREAKER_LIMITS: BreakerLimits = {
  failures: 5,
  windowMs: 60_000,
  openMs: 5_000,
  longestOpenMs: 120_000,
  probeMs: 60_000,
};

/** Keys remembered. Past it those with nothing to remember go, then the oldest. */
const MAX_KEYS = 5_000;

export type BreakerState = { open: false } | { open: true; retryInMs: number };

/** What is known of one provider and model. */
interface Circuit {
  /** When the transient failures of the last window were, ms. */
  failedAt: number[];
  /** Calls are held until then, ms; undefined while the circuit is closed. */
  openUntil: number | undefined;
  /** Since when the one probe is under way. */
  probeSince: number | undefined;
  /** Openings in a row without a success. */
  openings: number;
}

/**
 * Keeps calls away from a provider that fails, so that runs go to a fallback model at once instead of waiting for the
 * same error. One key per provider and model (a business's own provider: with the business's id).
 *
 * Closed until `failures` transient ones within a window; open for `openMs`, or for as long as the provider asked
 * (Retry-After), whichever ends later; then one call is let through as a probe, which closes it or opens it again for
 * twice as long. What is wrong with a request or a key isn't the provider's failure: such an answer closes it.
 */
export class CircuitBreaker {
  private readonly circuits = new Map<string, Circuit>();

  /** @param now ms, of any clock that doesn't go back */
  constructor(
    private readonly limits: BreakerLimits = BREAKER_LIMITS,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** May a call be made? Where it may, the caller makes it, and says how it ended. */
  check(key: string): BreakerState {
    const circuit = this.circuits.get(key);
    if (circuit?.openUntil === undefined) return { open: false };
    const now = this.now();
    if (now < circuit.openUntil) return { open: true, retryInMs: circuit.openUntil - now };
    const probeEnds = circuit.probeSince === undefined ? now : circuit.probeSince + this.limits.probeMs;
    if (now < probeEnds) return { open: true, retryInMs: probeEnds - now };
    circuit.probeSince = now;
    return { open: false };
  }

  succeeded(key: string): void {
    this.circuits.delete(key);
  }

  failed(key: string, error: Pick<ProviderError, 'code' | 'isTransient' | 'retryAfterMs'>): void {
    if (error.code === 'aborted') return this.giveUpProbe(key);
    if (!error.isTransient) return this.succeeded(key);
    const now = this.now();
    const circuit = this.circuits.get(key) ?? this.remember(key);
    circuit.failedAt = [...circuit.failedAt.filter((at) => now - at < this.limits.windowMs), now];
    const wasProbe = circuit.probeSince !== undefined;
    circuit.probeSince = undefined;
    if (wasProbe || circuit.failedAt.length >= this.limits.failures) this.open(circuit, now);
    if (error.retryAfterMs !== undefined) hold(circuit, now + error.retryAfterMs);
  }

  /** Calls that were under way when it opened fail, too, and don't open it for longer. */
  private open(circuit: Circuit, now: number): void {
    if (circuit.openUntil !== undefined && now < circuit.openUntil) return;
    const { openMs, longestOpenMs } = this.limits;
    hold(circuit, now + Math.min(openMs * 2 ** circuit.openings, longestOpenMs));
    circuit.openings += 1;
  }

  /** A person stopped the probe: the next call is one. */
  private giveUpProbe(key: string): void {
    const circuit = this.circuits.get(key);
    if (circuit) circuit.probeSince = undefined;
  }

  private remember(key: string): Circuit {
    if (this.circuits.size >= MAX_KEYS) this.forget();
    const circuit: Circuit = { failedAt: [], openUntil: undefined, probeSince: undefined, openings: 0 };
    this.circuits.set(key, circuit);
    return circuit;
  }

  private forget(): void {
    const oldest = this.now() - this.limits.windowMs;
    for (const [key, { openUntil, failedAt }] of this.circuits) {
      if (openUntil === undefined && (failedAt.at(-1) ?? 0) < oldest) this.circuits.delete(key);
    }
    const [first] = this.circuits.keys();
    if (this.circuits.size >= MAX_KEYS && first !== undefined) this.circuits.delete(first);
  }
}

/** Never shortens what was asked for before. */
function hold(circuit: Circuit, until: number): void {
  circuit.openUntil = Math.max(circuit.openUntil ?? 0, until);
}
