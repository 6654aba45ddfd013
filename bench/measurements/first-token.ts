import { inTurns, type Figures } from '../harness/rounds';
import type { FigureSpec } from '../harness/section';
import { median, p99 } from '../harness/statistics';
import type { Answered } from '../clients/streams';
import { CostMeter } from '../parts/cost';
import { onStage } from '../parts/stage';
import { startStreaming, TOKENS_PER_SECOND } from '../parts/streaming';
import type { Measurement } from './measurement';

/** The more streams, the longer each: what is measured is a steady state, not a rush of questions. */
const LOADS = [
  { streams: 1, tokens: 10, each: 60 },
  { streams: 50, tokens: 200, each: 3 },
  { streams: 200, tokens: 500, each: 2 },
] as const;

/** What we add to the provider's own time until the first words are seen, ms (product's goal on two cores). */
const P50_ADDED_MS = 15;
const P99_ADDED_MS = 75;

/** From asking to the first words at a connected client, beside the provider's SDK asked directly. */
export const firstToken: Measurement = async ({ servers, rounds, show }) => {
  await onStage(servers, 'redis', async (stage) => {
    const { warmUp, ours, direct, pids, directPids } = await startStreaming(stage);
    await warmUp();
    for (const load of LOADS) {
      const cost = new CostMeter(stage, pids);
      const directCost = new CostMeter(stage, directPids);
      const tokens = load.streams * (1 + load.each) * load.tokens;
      const measured = await inTurns(
        rounds,
        async () => figuresOf(await cost.measure(tokens, () => ours(load))),
        async () => figuresOf(await directCost.measure(tokens, () => direct(load))),
      );
      show({
        title: `first-token on redis: ${load.streams} answer${load.streams > 1 ? 's' : ''} of ${TOKENS_PER_SECOND} tokens/s at once`,
        baseline:
          "the provider's SDK asked directly, in a process of its own: no queue, database, session or socket",
        figures: FIGURES,
        rounds: measured,
        notes: [
          `${load.streams * load.each} answers of ${load.tokens} tokens per side and round`,
          cost.describe('ours', 'token'),
          directCost.describe('baseline', 'token'),
        ],
      });
    }
  });
};

const FIGURES: readonly FigureSpec[] = [
  {
    key: 'p50',
    label: 'first words, p50',
    unit: 'ms',
    better: 'lower',
    goal: { of: 'added', atMost: P50_ADDED_MS },
  },
  {
    key: 'p99',
    label: 'first words, p99',
    unit: 'ms',
    better: 'lower',
    goal: { of: 'added', atMost: P99_ADDED_MS },
  },
  { key: 'lag', label: 'oldest token of a piece, p99', unit: 'ms', better: 'lower' },
];

function figuresOf(answered: readonly Answered[]): Figures {
  const first = answered.map(({ firstMs }) => firstMs);
  return { p50: median(first), p99: p99(first), lag: p99(answered.flatMap(({ lagsMs }) => lagsMs)) };
}
