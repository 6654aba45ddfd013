import { gatherAudience, type Audience } from '../clients/audience';
import { inTurns, type Figures } from '../harness/rounds';
import type { FigureSpec } from '../harness/section';
import { CostMeter } from '../parts/cost';
import { startHelper } from '../parts/helper';
import { makeTenant } from '../parts/people';
import { startProduct } from '../parts/product';
import { onStage, type Stage } from '../parts/stage';
import type { Bench, Measurement } from './measurement';

const AUDIENCES = [500, 1_000];
/** Sockets that one person may have in the product. */
const SOCKETS_PER_MEMBER = 20;
/** How long deliveries are counted at full load, s. */
const SATURATED_SECONDS = 4;
/** A steady load that both sides carry easily: events a second, for how many seconds. */
const STEADY_PER_SECOND = 8;
const STEADY_SECONDS = 4;
/** Late enough that a person notices, ms. */
const DELAY_LIMIT_MS = 250;
/**
 * The search for the highest rate halves its range this often, each time for as many seconds. A rate a tenth above
 * what can be carried falls behind by 0.3 s in three seconds, which shows.
 */
const SEARCH_STEPS = 5;
const SEARCH_SECONDS = 3;
/** The range, relative to what was delivered at full load. */
const SEARCH_FROM = 0.3;
const SEARCH_TO = 1.3;

const figures: FigureSpec[] = [
  {
    key: 'rate',
    label: 'deliveries at full load',
    unit: '/s',
    better: 'higher',
    goal: { of: 'ratio', atLeast: 0.9 },
  },
  { key: 'p99', label: `p99 delay at ${STEADY_PER_SECOND} events/s`, unit: 'ms', better: 'lower' },
  { key: 'highest', label: `most with p99 < ${DELAY_LIMIT_MS} ms`, unit: '/s', better: 'higher' },
];

/** One room, two server processes: what is published by a third reaches everyone. */
export const deliveries: Measurement = async (bench) => {
  for (const size of AUDIENCES) await deliverTo(size, bench);
};

function deliverTo(size: number, { servers, rounds, show }: Bench): Promise<void> {
  return onStage(servers, 'redis', async (stage) => {
    const { databaseUrl, redisUrl } = stage;
    const { businessId, token } = await makeTenant(stage, size / SOCKETS_PER_MEMBER);
    const products = [await startProduct(stage, 'server'), await startProduct(stage, 'server')];
    const bares = [await bareSockets(stage), await bareSockets(stage)];
    const publisher = (kind: 'product' | 'bare') =>
      startHelper(stage, 'parts/publisher', { kind, databaseUrl, redisUrl, businessId });
    const publishers = { ours: await publisher('product'), baseline: await publisher('bare') };

    const ours = await gatherAudience(size, publishers.ours, (index) => ({
      port: products[index % products.length]?.port ?? 0,
      token: token(Math.floor(index / SOCKETS_PER_MEMBER)),
    }));
    const baseline = await gatherAudience(size, publishers.baseline, (index) => ({
      port: bares[index % bares.length]?.port ?? 0,
      token: undefined,
    }));
    stage.closing.add(() => [ours, baseline].forEach((audience) => audience.close()));
    const [first, second] = products;
    const cost = new CostMeter(stage, {
      'first server': first?.pid ?? 0,
      'second server': second?.pid ?? 0,
      publisher: publishers.ours.pid,
    });
    const bareCost = new CostMeter(stage, {
      'first server': bares[0]?.pid ?? 0,
      'second server': bares[1]?.pid ?? 0,
      publisher: publishers.baseline.pid,
    });
    const measured = await inTurns(
      rounds,
      () => deliver(ours, cost),
      () => deliver(baseline, bareCost),
    );
    show({
      title: `deliveries of a 1 KB widget.updated to ${size} sockets in one room, two server processes`,
      baseline: 'two bare Socket.IO processes with the same adapter, one room, no login; bare emitter',
      figures,
      rounds: measured,
      notes: [cost.describe('ours', '1,000 deliveries'), bareCost.describe('baseline', '1,000 deliveries')],
    });
  });
}

async function bareSockets(stage: Stage): Promise<{ pid: number; port: number }> {
  const helper = await startHelper(stage, 'baselines/bare-sockets', { redisUrl: stage.redisUrl });
  return { pid: helper.pid, port: (await helper.ask('port')) as number };
}

async function deliver(audience: Audience, cost: CostMeter): Promise<Figures> {
  const rate = await cost.measure(
    (delivered) => delivered * (SATURATED_SECONDS / 1_000),
    () => audience.saturate(SATURATED_SECONDS),
  );
  const steady = await audience.pace(STEADY_PER_SECOND, STEADY_SECONDS);
  let carried = 0;
  let [low, high] = [rate * SEARCH_FROM, rate * SEARCH_TO];
  for (let step = 0; step < SEARCH_STEPS; step += 1) {
    const middle = (low + high) / 2;
    const late = (await audience.pace(middle / audience.size, SEARCH_SECONDS)) > DELAY_LIMIT_MS;
    if (late) high = middle;
    else [low, carried] = [middle, middle];
  }
  return { rate, p99: steady, highest: carried };
}
