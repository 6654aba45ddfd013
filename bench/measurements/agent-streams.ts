import { inTurns, type Figures } from '../harness/rounds';
import { p99 } from '../harness/statistics';
import { onStage } from '../parts/stage';
import { startStreaming, TOKENS_PER_SECOND, type Side } from '../parts/streaming';
import type { Measurement } from './measurement';

/** How late a piece may be behind the provider at p99, ms. */
const LAG_LIMIT_MS = 250;
/** Streams that are tried, one after the other, until one is too many. */
const STEPS = [25, 50, 75, 100, 150, 200, 250, 300, 400, 500, 600];
/** Of one answer: six seconds. */
const TOKENS = 300;

/** How many answers one worker process writes at once before their words come late. */
export const agentStreams: Measurement = async ({ servers, rounds, show }) => {
  await onStage(servers, 'redis', async (stage) => {
    const { warmUp, ours, direct } = await startStreaming(stage);
    await warmUp();
    const notes: string[] = [];
    show({
      title: `agent-streams on redis: answers of ${TOKENS_PER_SECOND} tokens/s at once, p99 of the lag below ${LAG_LIMIT_MS} ms`,
      baseline: "one process that reads the provider's SDK alone",
      figures: [{ key: 'streams', label: 'answers at once', unit: '', better: 'higher' }],
      rounds: await inTurns(
        rounds,
        () => climb('ours', ours, notes),
        () => climb('baseline', direct, notes),
      ),
      notes: [...notes, 'one server and one worker process, a provider and the clients share the cores'],
    });
  });
};

async function climb(name: string, side: Side, notes: string[]): Promise<Figures> {
  let reached = 0;
  const lags: string[] = [];
  for (const streams of STEPS) {
    const answered = await side({ streams, tokens: TOKENS, each: 1 });
    const lag = p99(answered.flatMap(({ lagsMs }) => lagsMs));
    lags.push(`${streams}: ${lag.toFixed(0)} ms`);
    if (lag >= LAG_LIMIT_MS) break;
    reached = streams;
  }
  notes.push(`${name}, p99 of the lag by answers at once: ${lags.join(', ')}`);
  return { streams: reached };
}
