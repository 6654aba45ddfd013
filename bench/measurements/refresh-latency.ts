import { connectSocket } from '../clients/socket-io';
import { openHttp, requestBytes, type HttpLink } from '../clients/http';
import { inTurns, type Figures } from '../harness/rounds';
import type { FigureSpec } from '../harness/section';
import { median, p99 } from '../harness/statistics';
import { updatedWidget } from '../parts/events';
import { startHelper } from '../parts/helper';
import { makeTenant } from '../parts/people';
import { startProduct } from '../parts/product';
import { onStage, type BrokerKind, type Stage } from '../parts/stage';
import { awaitFirstSweep, describeRefresh, makeWidgets, settle } from '../parts/widgets';
import type { Bench, Measurement } from './measurement';

/** Refreshes a side measures in one round; the first few warm connections and code and are left out. */
const PER_ROUND = 400;
const WARM_UP = 100;
/** An event that is not there by then, ms, is lost. */
const EVENT_LIMIT_MS = 10_000;

const figures = (p50Goal?: number, p99Goal?: number): FigureSpec[] => [
  { key: 'answered', label: 'answered, p50', unit: 'ms', better: 'lower' },
  { key: 'p50', label: 'event, p50', unit: 'ms', better: 'lower', ...goal(p50Goal) },
  { key: 'p99', label: 'event, p99', unit: 'ms', better: 'lower', ...goal(p99Goal) },
];
const goal = (atMost: number | undefined) =>
  atMost === undefined ? {} : { goal: { of: 'best' as const, atMost } };

/** From `POST /widgets/:id/refresh` to `widget.updated` at a connected client, one after the other. */
export const refreshLatency: Measurement = async (bench) => {
  await measureOn(bench, 'redis', 'one server and one worker process', figures(5, 15));
  await measureOn(bench, 'postgres', 'one process, no Redis', figures());
};

async function measureOn(
  { servers, rounds, show }: Bench,
  broker: BrokerKind,
  processes: string,
  specs: FigureSpec[],
): Promise<void> {
  await onStage(servers, broker, async (stage) => {
    const { businessId, token } = await makeTenant(stage);
    const perRound = PER_ROUND + WARM_UP;
    const widgetIds = await makeWidgets(stage, businessId, 2 * rounds * perRound);
    await settle(stage);
    const product = await startProduct(stage, broker === 'redis' ? 'server' : 'start');
    if (broker === 'redis') await startProduct(stage, 'worker');
    await awaitFirstSweep(stage);
    const { databaseUrl, redisUrl } = stage;
    const bare = await startHelper(stage, 'baselines/bare-path', { databaseUrl, redisUrl });
    const headers = { Authorization: `Bearer ${token()}` };
    const ours = await road(stage, product.port, token(), (id) =>
      requestBytes('POST', `/api/v1/widgets/${id}/refresh`, headers),
    );
    const baseline = await road(stage, (await bare.ask('port')) as number, undefined, (id) =>
      requestBytes('POST', `/widgets/${id}/refresh`),
    );
    const takeWidgets = () => widgetIds.splice(0, perRound);
    show({
      title: `refresh-latency on ${broker}: POST to event, sequential (${processes})`,
      baseline:
        'a Koa route that does the same writes itself and emits once; no queue, no session, no tenant',
      figures: specs,
      rounds: await inTurns(
        rounds,
        () => delays(takeWidgets(), ours),
        () => delays(takeWidgets(), baseline),
      ),
      notes: [`${PER_ROUND} refreshes of fresh widgets per side and round`],
    });
  });
}

/** Since the POST was written, ms. */
interface Delay {
  answered: number;
  announced: number;
}

/** One refresh, over one HTTP connection and one socket. */
type Road = (widgetId: string) => Promise<Delay>;

async function road(
  stage: Stage,
  port: number,
  token: string | undefined,
  request: (widgetId: string) => Buffer,
): Promise<Road> {
  const arrivals = new Map<string, () => void>();
  const socket = await connectSocket(port, token, (packet) => arrivals.get(updatedWidget(packet) ?? '')?.());
  const http: HttpLink = await openHttp(port);
  stage.closing.add(() => {
    socket.close();
    http.close();
  });
  return async (widgetId) => {
    const arrived = new Promise<number>((resolve, reject) => {
      const timer = setTimeout(() => {
        describeRefresh(stage, widgetId).then(
          (state) => reject(new Error(`No event came from port ${port}. ${state}`)),
          reject,
        );
      }, EVENT_LIMIT_MS);
      arrivals.set(widgetId, () => {
        clearTimeout(timer);
        arrivals.delete(widgetId);
        resolve(performance.now());
      });
    });
    const from = performance.now();
    const accepted = async () => {
      const status = await http.send(request(widgetId));
      if (status !== 202) throw new Error(`A refresh was answered with ${status}.`);
      return performance.now();
    };
    const [announced, answered] = await Promise.all([arrived, accepted()]);
    return { answered: answered - from, announced: announced - from };
  };
}

async function delays(widgetIds: readonly string[], refresh: Road): Promise<Figures> {
  const all: Delay[] = [];
  for (const widgetId of widgetIds) all.push(await refresh(widgetId));
  const measured = all.slice(WARM_UP);
  const announced = measured.map((delay) => delay.announced);
  return {
    answered: median(measured.map((delay) => delay.answered)),
    p50: median(announced),
    p99: p99(announced),
  };
}
