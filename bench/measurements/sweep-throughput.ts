import type { QueueRun } from '../baselines/bare-queue';
import { countEvents } from '../clients/event-counter';
import { inTurns, type Figures } from '../harness/rounds';
import { CostMeter } from '../parts/cost';
import { startHelper } from '../parts/helper';
import { makeTenant } from '../parts/people';
import { startProduct } from '../parts/product';
import { onStage, type BrokerKind } from '../parts/stage';
import { awaitFirstSweep, countRefreshes, makeDue, makeWidgets, settle } from '../parts/widgets';
import { workerConcurrency } from '../parts/worker-concurrency';
import type { Bench } from './measurement';

/** Fresh widgets that fall due together, of as many businesses: no business may take every slot. */
const BUSINESSES = 10;
const PER_BUSINESS = 300;
const PER_ROUND = BUSINESSES * PER_BUSINESS;

/**
 * Behind HTTP: widgets that fall due at one moment go sweep, BullMQ, worker, SQL, event. Against BullMQ alone with
 * the last of the SQL writes, and a worker of the same concurrency. From the first refresh's end to the last's.
 */
export async function sweepThroughput(
  { servers, rounds, show }: Bench,
  broker: BrokerKind,
  atLeast: number,
): Promise<void> {
  await onStage(servers, broker, async (stage) => {
    const tenants = await Promise.all(Array.from({ length: BUSINESSES }, () => makeTenant(stage)));
    const widgetIds: string[][] = [];
    for (const { businessId } of tenants) {
      widgetIds.push(await makeWidgets(stage, businessId, rounds * PER_BUSINESS));
    }
    const bareTenant = await makeTenant(stage);
    const bareIds = await makeWidgets(stage, bareTenant.businessId, rounds * PER_ROUND);
    await settle(stage);
    const product = await startProduct(stage, broker === 'redis' ? 'server' : 'start');
    const worker = broker === 'redis' ? await startProduct(stage, 'worker') : undefined;
    await awaitFirstSweep(stage);
    const { databaseUrl, redisUrl } = stage;
    const concurrency = workerConcurrency();
    const bare = await startHelper(stage, 'baselines/bare-queue', { databaseUrl, redisUrl, concurrency });
    const listeners = await Promise.all(tenants.map(({ token }) => countEvents(product.port, token())));

    async function ours(): Promise<Figures> {
      const mine = widgetIds.map((ids) => ids.splice(0, PER_BUSINESS));
      const announced = listeners.map((listener, index) => listener.expect(mine[index] ?? []));
      await makeDue(stage, mine.flat());
      const moments = (await Promise.all(announced)).flat().sort((a, b) => a - b);
      return { rate: rateOf(moments.length, (moments.at(-1) ?? 0) - (moments[0] ?? 0)) };
    }
    async function baseline(): Promise<Figures> {
      const argument = { businessId: bareTenant.businessId, widgetIds: bareIds.splice(0, PER_ROUND) };
      const { jobs, seconds } = (await bare.ask('run', argument)) as QueueRun;
      return { rate: rateOf(jobs, seconds * 1000) };
    }
    const cost = new CostMeter(stage, { server: product.pid, ...(worker ? { worker: worker.pid } : {}) });
    const bareCost = new CostMeter(stage, { worker: bare.pid });
    const measured = await inTurns(
      rounds,
      () => cost.measure(PER_ROUND, ours),
      () => bareCost.measure(PER_ROUND, baseline),
    );
    show({
      title: `refresh-throughput on ${broker}: ${PER_ROUND} due at once, of ${BUSINESSES} businesses, no HTTP`,
      baseline: `BullMQ alone: addBulk, a worker with ${concurrency} at once, one write of a refresh per job`,
      figures: [
        { key: 'rate', label: 'refreshes', unit: '/s', better: 'higher', goal: { of: 'ratio', atLeast } },
      ],
      rounds: measured,
      notes: [
        `${2 * rounds * PER_ROUND} refreshes asked for, ${await countRefreshes(stage)} in the database, every event came`,
        cost.describe('ours', 'refresh'),
        bareCost.describe('baseline', 'refresh'),
      ],
    });
  });
}

const rateOf = (count: number, ms: number): number => ((count - 1) / ms) * 1000;
