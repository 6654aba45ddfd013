import { countEvents, type EventCounter } from '../clients/event-counter';
import { requestBytes } from '../clients/http';
import { keepInFlight } from '../clients/load';
import { inTurns } from '../harness/rounds';
import { CostMeter } from '../parts/cost';
import { startHelper } from '../parts/helper';
import { makeTenant } from '../parts/people';
import { startProduct } from '../parts/product';
import { onStage, type BrokerKind } from '../parts/stage';
import { awaitFirstSweep, countRefreshes, makeWidgets, settle } from '../parts/widgets';
import type { Bench, Measurement } from './measurement';
import { sweepThroughput } from './sweep-throughput';

/** Requests under way at once. */
const IN_FLIGHT = 50;
/** Fresh widgets that a side refreshes in one round. */
const PER_ROUND = 3_000;

/** How many refreshes a second go through the whole path, and through the part behind HTTP. */
export const refreshThroughput: Measurement = async (bench) => {
  await wholePath(bench, 'redis', 1_000);
  await wholePath(bench, 'postgres');
  await sweepThroughput(bench, 'redis', 0.6);
  await sweepThroughput(bench, 'postgres', 0.6);
};

async function wholePath(
  { servers, rounds, show }: Bench,
  broker: BrokerKind,
  atLeast?: number,
): Promise<void> {
  await onStage(servers, broker, async (stage) => {
    const { businessId, token } = await makeTenant(stage);
    const widgetIds = await makeWidgets(stage, businessId, 2 * rounds * PER_ROUND);
    await settle(stage);
    const product = await startProduct(stage, broker === 'redis' ? 'server' : 'start');
    const worker = broker === 'redis' ? await startProduct(stage, 'worker') : undefined;
    await awaitFirstSweep(stage);
    const { databaseUrl, redisUrl } = stage;
    const bare = await startHelper(stage, 'baselines/bare-path', { databaseUrl, redisUrl });
    const barePort = (await bare.ask('port')) as number;
    const listener = await countEvents(product.port, token());
    const bareListener = await countEvents(barePort, undefined);
    const headers = { Authorization: `Bearer ${token()}` };
    const cost = new CostMeter(stage, { server: product.pid, ...(worker ? { worker: worker.pid } : {}) });
    const bareCost = new CostMeter(stage, { route: bare.pid });
    const take = () => widgetIds.splice(0, PER_ROUND);
    const measured = await inTurns(
      rounds,
      () =>
        cost.measure(PER_ROUND, () =>
          refreshAll(product.port, listener, take(), (id) =>
            requestBytes('POST', `/api/v1/widgets/${id}/refresh`, headers),
          ),
        ),
      () =>
        bareCost.measure(PER_ROUND, () =>
          refreshAll(barePort, bareListener, take(), (id) => requestBytes('POST', `/widgets/${id}/refresh`)),
        ),
    );
    const wanted = 2 * rounds * PER_ROUND;
    show({
      title: `refresh-throughput on ${broker}: ${IN_FLIGHT} POSTs in flight, one business, a client listening`,
      baseline: 'the Koa route that does the same writes itself and emits once, with as many in flight',
      figures: [
        {
          key: 'rate',
          label: 'refreshes',
          unit: '/s',
          better: 'higher',
          ...(atLeast === undefined ? {} : { goal: { of: 'best', atLeast } }),
        },
        { key: 'accepted', label: 'POSTs answered', unit: '/s', better: 'higher' },
      ],
      rounds: measured,
      notes: [
        `${wanted} refreshes asked for, ${await countRefreshes(stage)} in the database, every event came`,
        cost.describe('ours', 'refresh'),
        bareCost.describe('baseline', 'refresh'),
      ],
    });
  });
}

/** From the first POST to the last event. */
async function refreshAll(
  port: number,
  listener: EventCounter,
  widgetIds: readonly string[],
  request: (widgetId: string) => Buffer,
) {
  const begun = performance.now();
  const announced = listener.expect(widgetIds);
  let next = 0;
  const load = await keepInFlight(port, IN_FLIGHT, 202, () => {
    const widgetId = widgetIds[next++];
    return widgetId === undefined ? undefined : request(widgetId);
  });
  const lastEvent = (await announced).at(-1) ?? Number.NaN;
  return { rate: (widgetIds.length / (lastEvent - begun)) * 1000, accepted: load.answered / load.seconds };
}
