import { requestBytes } from '../clients/http';
import { inTurns } from '../harness/rounds';
import { CostMeter } from '../parts/cost';
import { startHelper } from '../parts/helper';
import { makeTenant } from '../parts/people';
import { startProduct } from '../parts/product';
import { onStage } from '../parts/stage';
import { makeWidgets, settle } from '../parts/widgets';
import type { Measurement } from './measurement';
import { actorOf } from '../parts/actor';
import { CONNECTIONS, read, READS, ROUND_MS, WARM_UP_MS, WIDGETS } from './reads';

/** What token, session, counted requests, tenant scope and row-level security cost a request. */
export const checks: Measurement = async ({ servers, rounds, show }) => {
  await onStage(servers, 'redis', async (stage) => {
    const tenant = await makeTenant(stage);
    const widgetIds = await makeWidgets(stage, tenant.businessId, WIDGETS, { refreshed: true });
    await settle(stage);
    const product = await startProduct(stage, 'server');
    const setting = { databaseUrl: stage.databaseUrl, actor: actorOf(tenant) };
    const unchecked = await startHelper(stage, 'baselines/unchecked-reads', setting);
    const uncheckedPort = (await unchecked.ask('port')) as number;
    const headers = { Authorization: `Bearer ${tenant.token()}` };
    const requests = widgetIds.map((id) => requestBytes('GET', `/api/v1/widgets/${id}/data`, headers));
    await read(product.port, 200, requests, WARM_UP_MS);
    await read(uncheckedPort, 200, requests, WARM_UP_MS);
    const cost = new CostMeter(stage, { server: product.pid });
    const uncheckedCost = new CostMeter(stage, { server: unchecked.pid });
    const answered = ({ rate }: { rate?: number }) => ((rate ?? 0) * ROUND_MS) / 1_000;
    show({
      title: `checks: GET /widgets/:id/data (1 KB), ${CONNECTIONS} connections`,
      baseline:
        'the same route without token, session, counted requests, tenant scope and row-level security',
      figures: READS,
      rounds: await inTurns(
        rounds,
        () => cost.measure(answered, () => read(product.port, 200, requests, ROUND_MS)),
        () => uncheckedCost.measure(answered, () => read(uncheckedPort, 200, requests, ROUND_MS)),
      ),
      notes: [cost.describe('ours', 'request'), uncheckedCost.describe('baseline', 'request')],
    });
  });
};
