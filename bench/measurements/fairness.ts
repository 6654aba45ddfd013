import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HttpSource } from '../../domain/widgets/source-schemas';
import { listen } from '../baselines/listen';
import type { QueueRun } from '../baselines/bare-queue';
import { countEvents, type EventCounter } from '../clients/event-counter';
import { inTurns, type Figures } from '../harness/rounds';
import type { FigureSpec } from '../harness/section';
import { median } from '../harness/statistics';
import { startHelper } from '../parts/helper';
import { makeTenant } from '../parts/people';
import { startProduct } from '../parts/product';
import { onStage, type Stage } from '../parts/stage';
import {
  assertNoneFailing,
  awaitFirstSweep,
  CHART,
  countDue,
  makeDue,
  makeWidgets,
  settle,
} from '../parts/widgets';
import { workerConcurrency } from '../parts/worker-concurrency';
import type { Bench, Measurement } from './measurement';

/** Trials in all, divided between the rounds. */
const TRIALS = 50;
/** A trial's widget falls due this much later, ms, at least and at most: out of step with any tick. */
const LEAD_MS = { least: 200, most: 1_200 };
/** The promise (product.md, 4), ms. */
const DELAY_LIMIT_MS = 1_000;
/** How often a hush is looked after, ms. */
const LOOK_EVERY_MS = 100;

const figures: FigureSpec[] = [
  { key: 'p50', label: 'delay, p50', unit: 'ms', better: 'lower' },
  {
    key: 'max',
    label: 'delay, max',
    unit: 'ms',
    better: 'lower',
    goal: { of: 'worst', atMost: DELAY_LIMIT_MS },
  },
];

/** How long one business's widget waits behind another's backlog, from its due time to its event. */
export const fairness: Measurement = async (bench) => {
  await delayBehind(bench, 10_000, 0);
  await delayBehind(bench, 2_000, 1_000);
};

/** @param sourceMs how long the others' source takes */
async function delayBehind(
  { servers, rounds, show }: Bench,
  backlog: number,
  sourceMs: number,
): Promise<void> {
  await onStage(servers, 'redis', async (stage) => {
    const busy = await makeTenant(stage);
    const quiet = await makeTenant(stage);
    const options = sourceMs > 0 ? { source: await slowSource(stage, sourceMs) } : {};
    const busyIds = await makeWidgets(stage, busy.businessId, backlog, {
      ...options,
      refreshed: true,
      // Due again a second later: the backlog lasts as long as the trials do.
      schedule: { everySeconds: 1 },
    });
    const quietIds = await makeWidgets(stage, quiet.businessId, TRIALS + 2 * rounds);
    await settle(stage);
    const product = await startProduct(stage, 'server');
    await startProduct(stage, 'worker');
    await awaitFirstSweep(stage);
    const listener = await countEvents(product.port, quiet.token());
    const { databaseUrl, redisUrl } = stage;
    const concurrency = workerConcurrency();
    const bare = await startHelper(stage, 'baselines/bare-queue', { databaseUrl, redisUrl, concurrency });
    const seen: number[] = [];

    async function ours(): Promise<Figures> {
      await makeDue(stage, busyIds);
      const delays: number[] = [];
      for (let trial = 0; trial < Math.ceil(TRIALS / rounds); trial += 1) {
        delays.push(await delayOf(stage, listener, quietIds.pop()));
        seen.push(await countDue(stage));
      }
      await hush(stage, busy.businessId);
      return { p50: median(delays), max: Math.max(...delays) };
    }
    async function baseline(): Promise<Figures> {
      const widgetIds = [...busyIds, quietIds.pop()];
      const argument = { businessId: quiet.businessId, widgetIds, jobMs: sourceMs };
      const { endedMs, addedMs } = (await bare.ask('run', argument)) as QueueRun;
      const delay = (endedMs.at(-1)?.ms ?? Number.NaN) - addedMs;
      return { p50: delay, max: delay };
    }
    const measured = await inTurns(rounds, ours, baseline);
    await assertNoneFailing(stage);
    show({
      title: `fairness: one widget's delay behind ${backlog} due widgets of another business${
        sourceMs > 0 ? ` whose source takes ${sourceMs / 1_000} s` : ''
      }`,
      baseline: `BullMQ alone, ${concurrency} at once: first in, first out, the last of as many jobs (one trial)`,
      figures,
      rounds: measured,
      notes: [
        `${seen.length} trials; due and waiting after each: ${Math.min(...seen)} to ${Math.max(...seen)} widgets`,
      ],
    });
  });
}

/** Makes a widget due at a known moment. @returns ms from there to its event */
async function delayOf(stage: Stage, listener: EventCounter, widgetId: string | undefined): Promise<number> {
  if (widgetId === undefined) throw new Error('There are more trials than widgets.');
  const announced = listener.expect([widgetId]);
  const lead = LEAD_MS.least + Math.random() * (LEAD_MS.most - LEAD_MS.least);
  const dueAt = Date.now() + lead;
  await stage.sql.query('update widget_schedules set due_at = $2 where widget_id = $1', [
    widgetId,
    new Date(dueAt),
  ]);
  await announced;
  return Date.now() - dueAt;
}

/** Nothing of theirs is due or under way any more. */
async function hush(stage: Stage, businessId: string): Promise<void> {
  const isBusy = async () => {
    await stage.sql.query(
      'update widget_schedules set due_at = null where business_id = $1 and claimed_at is null',
      [businessId],
    );
    const { rows } = await stage.sql.query(
      'select from widget_schedules where business_id = $1 and (claimed_at is not null or due_at is not null) limit 1',
      [businessId],
    );
    return rows.length > 0;
  };
  while (await isBusy()) await sleep(LOOK_EVERY_MS);
}

/** An HTTP server that thinks before it answers, as a source. */
async function slowSource(stage: Stage, ms: number): Promise<HttpSource> {
  const body = JSON.stringify(CHART);
  const server = createServer((_, response) => {
    setTimeout(() => response.setHeader('Content-Type', 'application/json').end(body), ms);
  });
  const port = await listen(server);
  stage.closing.add(() => {
    server.close();
    server.closeAllConnections();
  });
  return { kind: 'http', url: `http://127.0.0.1:${port}/`, method: 'GET', headers: {} };
}
