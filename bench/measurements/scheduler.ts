import pino from 'pino';
import { openDatabase, type Database } from '../../db/database';
import { claimDue } from '../../domain/refresh/claim-due';
import { createJobs, type Jobs } from '../../jobs/enqueue';
import { openBroker } from '../../lib/broker';
import { inTurns, type Figures } from '../harness/rounds';
import type { FigureSpec } from '../harness/section';
import { median } from '../harness/statistics';
import { makeTenant } from '../parts/people';
import { onStage, type Stage } from '../parts/stage';
import { makeWidgets, settle } from '../parts/widgets';
import type { Bench, Measurement } from './measurement';

const SIZES = [1_000, 10_000, 100_000];
const DUE_SHARE = 0.01;
/** Among so many businesses what exists is divided; what is due is theirs in turn. */
const BUSINESSES = 100;
/** Sweeps per side and round; the first warms up and is left out. */
const SWEEPS = 11;
/** As many slots as would take twice what is due, so that one sweep takes it all. */
const SLOTS_PER_DUE = 2;
/** Connections of the sweeping process. */
const POOL = 10;
/** How much dearer a sweep among a hundred times as many widgets may be. */
const RATIO_LIMIT = 1.5;

const figures: FigureSpec[] = [
  {
    key: 'claimMs',
    label: 'claiming',
    unit: 'ms',
    better: 'lower',
    goal: { of: 'ratio', atMost: RATIO_LIMIT },
  },
  { key: 'enqueueMs', label: "BullMQ's addBulk", unit: 'ms', better: 'lower' },
];

/** What one sweep costs when one of a hundred scheduled widgets is due. */
export const scheduler: Measurement = async (bench) => {
  for (const size of SIZES) await sweepAmong(size, bench);
};

function sweepAmong(size: number, { servers, rounds, show }: Bench): Promise<void> {
  const due = size * DUE_SHARE;
  return onStage(servers, 'redis', (many) =>
    onStage(servers, 'redis', async (few) => {
      const ours = await openSweep(many, size, due);
      const baseline = await openSweep(few, due, due);
      show({
        title: `scheduler: one sweep, ${due} due among ${size} scheduled widgets of ${BUSINESSES} businesses`,
        baseline: `the same, ${due} due among ${due}`,
        figures,
        rounds: await inTurns(rounds, ours, baseline),
        notes: [`${SWEEPS - 1} sweeps per side and round, the median of each round`],
      });
    }),
  );
}

/** Makes the widgets and what sweeps them. */
async function openSweep(stage: Stage, size: number, due: number): Promise<() => Promise<Figures>> {
  const businesses = Math.min(BUSINESSES, size);
  const ids: string[][] = [];
  for (let n = 0; n < businesses; n += 1) {
    const { businessId } = await makeTenant(stage);
    ids.push(await makeWidgets(stage, businessId, size / businesses, { schedule: { everySeconds: 3_600 } }));
  }
  const dueIds = Array.from({ length: due }, (_, n) => ids[n % businesses]?.[Math.floor(n / businesses)]);
  await stage.sql.query(
    `insert into worker_nodes (node_id, slots, lease_until) values (uuidv7(), $1, now() + interval '1 day')`,
    [due * SLOTS_PER_DUE],
  );
  await stage.sql.query(`update widget_schedules set due_at = now() + interval '1 hour' * (1 + random())`);
  await settle(stage);
  const db = openDatabase(stage.databaseUrl, POOL);
  const logger = pino({ level: 'warn' });
  const broker = openBroker({ databaseUrl: stage.databaseUrl, redisUrl: stage.redisUrl, logger });
  await broker.ready();
  stage.closing.add(() => Promise.all([broker.close(), db.close()]));
  const jobs = createJobs(broker);
  return async () => {
    const sweeps: Figures[] = [];
    for (let n = 0; n < SWEEPS; n += 1) {
      await makeAgain(stage, jobs, dueIds);
      sweeps.push(await sweep(db, jobs, due));
    }
    const measured = sweeps.slice(1);
    const medianOf = (key: string) => median(measured.map((figure) => figure[key] ?? Number.NaN));
    return { claimMs: medianOf('claimMs'), enqueueMs: medianOf('enqueueMs') };
  };
}

/** Takes the last sweep's claims back, as if those had been refreshed and had fallen due again. */
async function makeAgain(stage: Stage, jobs: Jobs, dueIds: readonly (string | undefined)[]): Promise<void> {
  await jobs.queues['widget-refresh'].obliterate({ force: true });
  await stage.sql.query(
    `update widget_schedules set due_at = now(), claimed_at = null, lease_until = null, request_id = null
      where widget_id = any($1)`,
    [dueIds],
  );
  // Without it the sweep would take the pause before this round for an outage.
  await stage.sql.query('update refresh_sweeps set last_at = now()');
  await stage.sql.query('vacuum widget_schedules');
}

async function sweep(db: Database, jobs: Jobs, due: number): Promise<Figures> {
  const from = performance.now();
  const { claims } = await claimDue(db);
  const claimed = performance.now();
  if (claims.length !== due) throw new Error(`A sweep took ${claims.length} instead of ${due}.`);
  await jobs.enqueueMany('widget-refresh', claims);
  return { claimMs: claimed - from, enqueueMs: performance.now() - claimed };
}
