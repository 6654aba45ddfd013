import { Counter, Histogram, type Registry } from 'prom-client';

/** From a sandbox's first words to what a thinking model takes, seconds. */
const FIRST_TOKEN_BUCKETS = [0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60];
const NANO_PER_DOLLAR = 1e9;

export interface CallFigures {
  provider: string;
  model: string;
  /** The ledger's: `completed`, `failed`, … */
  outcome: string;
  tokens: { input: number; output: number };
  costNano: bigint;
}

export interface AgentMetrics {
  /** @param outcome `completed`, `stopped`, `failed`, `waiting`, `handed_back`, `lost` */
  runEnded(outcome: string): void;
  callEnded(figures: CallFigures): void;
  /** From taking the run in hand to the first text for the person. */
  firstToken(ms: number): void;
}

/** @param registry where they are counted; left out where nobody scrapes */
export function createAgentMetrics(registry?: Registry): AgentMetrics {
  const registers = registry ? [registry] : [];
  const runs = new Counter({
    name: 'liveboard_agent_runs_total',
    help: 'Agent runs that this process let go of, by how.',
    labelNames: ['outcome'],
    registers,
  });
  const calls = new Counter({
    name: 'liveboard_provider_calls_total',
    help: 'Requests to providers, by how they ended.',
    labelNames: ['provider', 'model', 'outcome'],
    registers,
  });
  const tokens = new Counter({
    name: 'liveboard_provider_tokens_total',
    help: 'Tokens that providers counted, cached and reasoning ones included.',
    labelNames: ['provider', 'model', 'direction'],
    registers,
  });
  const cost = new Counter({
    name: 'liveboard_provider_cost_dollars_total',
    help: 'What the ledger booked, US dollars; for a rate, not for a bill (it is a float here).',
    labelNames: ['provider', 'model'],
    registers,
  });
  const firstTokens = new Histogram({
    name: 'liveboard_agent_first_token_seconds',
    help: 'From the claim of a run to the first text for its person.',
    buckets: FIRST_TOKEN_BUCKETS,
    registers,
  });
  return {
    runEnded: (outcome) => runs.inc({ outcome }),
    callEnded({ provider, model, outcome, tokens: { input, output }, costNano }) {
      calls.inc({ provider, model, outcome });
      tokens.inc({ provider, model, direction: 'input' }, input);
      tokens.inc({ provider, model, direction: 'output' }, output);
      cost.inc({ provider, model }, Number(costNano) / NANO_PER_DOLLAR);
    },
    firstToken: (ms) => firstTokens.observe(ms / 1000),
  };
}
