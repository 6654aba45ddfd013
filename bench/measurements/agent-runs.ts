import { parseEnv } from '../../lib/env';
import { connectSocket } from '../clients/socket-io';
import { inTurns, type Figures } from '../harness/rounds';
import { actorOf } from '../parts/actor';
import { makeAgent, startProvider } from '../parts/agents';
import { CostMeter } from '../parts/cost';
import { startHelper } from '../parts/helper';
import { makeTenant } from '../parts/people';
import { startProduct } from '../parts/product';
import { onStage, type BrokerKind } from '../parts/stage';
import { settle } from '../parts/widgets';
import type { Bench, Measurement } from './measurement';

/** Questions of one round. */
const PER_ROUND = 500;
/**
 * Writing transactions of a run: it is claimed, its call is held and settled, its turn is saved, its end is written.
 * The notes below the table say how many there really were: several runs share one where they meet.
 */
const WRITES = 5;
/** What the provider answers, at once. */
const WORDS = 'Twelve.';
const COMPLETED = '42["message.completed"';
/** A run that is not announced by then, ms, is lost. */
const RUN_LIMIT_MS = 120_000;

/** Runs a second with a provider that answers at once. */
export const agentRuns: Measurement = async (bench) => {
  await measureOn(bench, 'redis');
  await measureOn(bench, 'postgres');
};

async function measureOn({ servers, rounds, show }: Bench, broker: BrokerKind): Promise<void> {
  await onStage(servers, broker, async (stage) => {
    const provider = await startProvider(stage);
    const tenant = await makeTenant(stage);
    const { token } = tenant;
    const agentId = await makeAgent(stage, tenant);
    const environment = { SANDBOX_URL: provider.url };
    const product = await startProduct(stage, broker === 'redis' ? 'server' : 'start', [], environment);
    const worker = broker === 'redis' ? await startProduct(stage, 'worker', [], environment) : undefined;
    const { databaseUrl, redisUrl } = stage;
    const actor = actorOf(tenant);
    const maker = await startHelper(stage, 'parts/run-maker', { databaseUrl, redisUrl, actor, agentId });
    const concurrency = parseEnv({}).AGENT_SLOTS;
    const bare = await startHelper(stage, 'baselines/bare-runs', { databaseUrl, redisUrl, concurrency });
    const ends: number[] = [];
    let onAll: () => void = () => undefined;
    const socket = await connectSocket(product.port, token(), (packet) => {
      if (!packet.toString('latin1', 0, COMPLETED.length).startsWith(COMPLETED)) return;
      ends.push(performance.now());
      if (ends.length === PER_ROUND) onAll();
    });
    stage.closing.add(() => socket.close());

    async function ours(): Promise<Figures> {
      await maker.ask('make', { count: PER_ROUND, words: WORDS });
      await settle(stage);
      ends.length = 0;
      return cost.measure(PER_ROUND, async () => {
        const all = new Promise<void>((resolve, reject) => {
          const timer = setTimeout(() => {
            reject(new Error(`Only ${ends.length} of ${PER_ROUND} runs ended.`));
          }, RUN_LIMIT_MS);
          onAll = () => {
            clearTimeout(timer);
            resolve();
          };
        });
        await maker.ask('handOver');
        await all;
        return { rate: ((PER_ROUND - 1) / ((ends.at(-1) ?? 0) - (ends[0] ?? 0))) * 1_000 };
      });
    }
    const baseline = (): Promise<Figures> =>
      bareCost.measure(PER_ROUND, async () => ({
        rate: (await bare.ask('run', { count: PER_ROUND, writes: WRITES })) as number,
      }));
    const pids = { server: product.pid, provider: provider.pid, ...(worker ? { worker: worker.pid } : {}) };
    const cost = new CostMeter(stage, pids);
    const bareCost = new CostMeter(stage, { worker: bare.pid });
    show({
      title: `agent-runs on ${broker}: ${PER_ROUND} questions at once, a provider that answers at once, a client listening`,
      baseline: `BullMQ alone, ${concurrency} at once, ${WRITES} writes a job, one after the other`,
      figures: [{ key: 'rate', label: 'runs', unit: '/s', better: 'higher' }],
      rounds: await inTurns(rounds, ours, baseline),
      notes: [cost.describe('ours', 'run'), bareCost.describe('baseline', 'run')],
    });
  });
}
