import { requestBytes } from '../clients/http';
import { keepInFlight } from '../clients/load';
import { inTurns, type Figures } from '../harness/rounds';
import type { FigureSpec } from '../harness/section';
import { p99 } from '../harness/statistics';
import { startHelper } from '../parts/helper';
import { makeTenant } from '../parts/people';
import { startProduct } from '../parts/product';
import { onStage } from '../parts/stage';
import { makeWidgets, settle } from '../parts/widgets';
import type { Measurement } from './measurement';

export const CONNECTIONS = 64;
/** Widgets that are read in turn: more than one page of each table. */
export const WIDGETS = 1_000;
/** How long a side is read from in one round, ms. */
export const ROUND_MS = 4_000;
/** Reads before the first round, so that neither side is measured cold. */
export const WARM_UP_MS = 2_000;
/** What {@link makeWidgets} leaves: rows written once. */
const ETAG = '"1"';

const RATE: FigureSpec = { key: 'rate', label: 'reads', unit: '/s', better: 'higher' };
const P99: FigureSpec = { key: 'p99', label: 'p99', unit: 'ms', better: 'lower' };
/** What {@link read} measures. */
export const READS: FigureSpec[] = [RATE, P99];

/** `GET /widgets/:id/data` with token, session, tenant scope and row-level security. */
export const reads: Measurement = async ({ servers, rounds, show }) => {
  await onStage(servers, 'redis', async (stage) => {
    const { businessId, token } = await makeTenant(stage);
    const widgetIds = await makeWidgets(stage, businessId, WIDGETS, { refreshed: true });
    await settle(stage);
    const product = await startProduct(stage, 'server');
    const bare = await startHelper(stage, 'baselines/bare-reads', { databaseUrl: stage.databaseUrl });
    const barePort = (await bare.ask('port')) as number;
    for (const known of [false, true]) {
      const extra: Record<string, string> = known ? { 'If-None-Match': ETAG } : {};
      const headers = { Authorization: `Bearer ${token()}`, ...extra };
      const ours = widgetIds.map((id) => requestBytes('GET', `/api/v1/widgets/${id}/data`, headers));
      const baseline = widgetIds.map((id) => requestBytes('GET', `/widgets/${id}/data`, extra));
      const status = known ? 304 : 200;
      await read(product.port, status, ours, WARM_UP_MS);
      await read(barePort, status, baseline, WARM_UP_MS);
      show({
        title: `reads: GET /widgets/:id/data ${known ? 'with If-None-Match, 304' : '(1 KB)'}, ${CONNECTIONS} connections`,
        baseline: 'a Koa route with one equal SELECT, pool of the same size; no token, no tenant',
        figures: [{ ...RATE, goal: { of: 'ratio', atLeast: 0.5 } }, P99],
        rounds: await inTurns(
          rounds,
          () => read(product.port, status, ours, ROUND_MS),
          () => read(barePort, status, baseline, ROUND_MS),
        ),
        notes: [`${WIDGETS} widgets in turn for ${ROUND_MS / 1000} s per side and round`],
      });
    }
  });
};

/** Reads them in turn for so long. */
export async function read(
  port: number,
  status: number,
  requests: readonly Buffer[],
  ms: number,
): Promise<Figures> {
  let next = 0;
  const load = await keepInFlight(port, CONNECTIONS, status, () => requests[next++ % requests.length], ms);
  return { rate: load.answered / load.seconds, p99: p99(load.delaysMs) };
}
