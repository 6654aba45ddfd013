import { createMoneyLane, type MoneyLane } from './money-lane';
import { CircuitBreaker } from './providers/circuit-breaker';
import { createProviders, type ProviderOptions, type Providers } from './providers';

/** What all runs of one worker process share. */
export interface AgentParts {
  providers: Providers;
  breaker: CircuitBreaker;
  moneyLane: MoneyLane;
}

export const createAgentParts = (options: ProviderOptions): AgentParts => ({
  providers: createProviders(options),
  breaker: new CircuitBreaker(),
  moneyLane: createMoneyLane(),
});
