import type { Knex } from 'knex';
import { withTenantModels } from '../../../db/scope';
import { claimDue } from '../../../domain/refresh/claim-due';
import { reclaimExpired, unstartedClaims } from '../../../domain/refresh/recover';
import { createRequestRefresh, type Claim } from '../../../domain/refresh/request';
import { createFinishRefresh } from '../../../domain/refresh/end';
import { createStartRefresh, type RunningRefresh } from '../../../domain/refresh/start';
import { repairWatched, rewatchDashboard, unwatchDashboards } from '../../../domain/refresh/watch';
import { deleteWidget, updateWidget } from '../../../domain/widgets/write';
import type { Person } from '../../realtime/fixture';
import { createRefreshWorld, type RefreshWorld } from './fixture';
import { between, seeded, shuffled } from './random';

const WIDGETS = 24;
const ROUNDS = 40;

let world: RefreshWorld;
let ann: Person;
let ids: string[];
let dashboards: string[];
beforeAll(async () => {
  world = await createRefreshWorld();
  ann = await world.addPerson(await world.addBusiness());
  ids = await world.addWidgets(ann, WIDGETS, { schedule: { everySeconds: 1 }, dueInMs: -1_000 });
  dashboards = [await world.addDashboard(ann, { widgetIds: ids }), await world.addDashboard(ann)];
  await world.setSlots(64);
});
afterAll(() => world.drop());

/** One of everything that takes several schedules at once, over widgets in a random order. */
function actors(random: () => number): (() => Promise<unknown>)[] {
  const { businessId } = ann;
  // As many processes as actors: within one, statements of a business wait for each other.
  const process = () => ({
    request: createRequestRefresh(world.db),
    start: createStartRefresh(world.db),
    finish: createFinishRefresh(world.db),
  });
  const some = () => shuffled(random, ids).slice(0, between(random, 2, WIDGETS));
  const work = async (claims: readonly (Claim | undefined)[], { start, finish } = process()) => {
    const all = shuffled(random, claims).flatMap((claim) => claim ?? []);
    const running = await Promise.all(all.map((claim) => start({ claim, redelivered: random() < 0.2 })));
    const end = (refresh: RunningRefresh): Promise<unknown> => {
      if (random() < 0.2) return world.fail(refresh, { retryMs: 0 });
      const json = JSON.stringify(random());
      return finish({ running: refresh, json, hash: json, nextDue: new Date(Date.now() - 1) });
    };
    await Promise.all(shuffled(random, running).flatMap((refresh) => (refresh ? [end(refresh)] : [])));
  };
  const request = async () => {
    const here = process();
    const asked = await Promise.all(
      some().map((widgetId) => here.request(businessId, { widgetId, requestId: 'test' })),
    );
    await work(
      asked.map((answer) => answer?.claim),
      here,
    );
  };
  const sweep = async () => work((await claimDue(world.db)).claims);
  const overdue = () =>
    world.sql(`update widget_schedules set due_at = now() - interval '1 s' where widget_id = $1`, [
      shuffled(random, ids)[0],
    ]);
  const recover = async () => {
    await world.sql(
      `update widget_schedules set lease_until = now() - interval '1 s'
        where claimed_at is not null and widget_id = $1`,
      [shuffled(random, ids)[0]],
    );
    await work([...(await unstartedClaims(world.db)), ...(await reclaimExpired(world.db))]);
  };
  const edit = () =>
    world.db.knex.transaction(async (trx) => {
      const id = shuffled(random, ids)[0] as string;
      await trx.raw(`set local app.business_id = '${businessId}'`);
      await trx('widgets').where({ id }).update({ name: 'Edited' });
      await trx('widget_schedules').where({ widget_id: id }).update({ due_at: trx.fn.now() });
    });
  return [request, request, request, sweep, outage, overdue, recover, edit, watch];
}

async function outage(): Promise<void> {
  await world.sql(`update refresh_sweeps set last_at = now() - interval '1 hour'`);
  await claimDue(world.db);
}

async function watch(): Promise<void> {
  await rewatchDashboard(world.db, ann.businessId, dashboards[0] as string);
  await unwatchDashboards(world.db, ann.businessId, dashboards);
  await repairWatched(world.db);
}

async function failuresOf(acts: readonly (() => Promise<unknown>)[]): Promise<unknown[]> {
  const results = await Promise.allSettled(acts.map((act) => act()));
  return results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
}

/** Batches that failed are run again one by one, which would hide a deadlock; Postgres counts them. */
async function deadlocks(): Promise<unknown> {
  const [row] = await world.sql(
    'select deadlocks::int from pg_stat_database where datname = current_database()',
  );
  return row?.deadlocks;
}

it('many that take the same widgets in any order never block each other for good', async () => {
  const random = seeded(7);
  await world.sql(
    `insert into presence_nodes values ('00000000-0000-4000-8000-000000000001', now() + interval '1 hour')`,
  );
  await world.sql(
    `insert into presence_connections (id, node_id, business_id, user_id, session_id)
     values ('00000000-0000-4000-8000-000000000002', '00000000-0000-4000-8000-000000000001', $1, $2, $3)`,
    [ann.businessId, ann.userId, ann.sessionId],
  );
  await world.sql(
    `insert into presence_dashboards values ('00000000-0000-4000-8000-000000000002', $1, $2, $3)`,
    [dashboards[0], ann.businessId, ann.userId],
  );
  const problems: unknown[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    problems.push(...(await failuresOf(shuffled(random, actors(random)))));
  }
  expect(problems).toEqual([]);
  expect(await deadlocks()).toBe(0);
});

it('nor where an outage ends while people ask and dashboards are opened', async () => {
  const random = seeded(8);
  const problems: unknown[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    await world.sql(
      `update widget_schedules set claimed_at = null, lease_until = null, started_at = null, watched = false,
        again = false, request_id = null, lane = 'scheduled', due_at = now() - random() * interval '1 hour'`,
    );
    problems.push(...(await failuresOf([...actors(random).slice(0, 3), outage, watch])));
  }
  expect(problems).toEqual([]);
  expect(await deadlocks()).toBe(0);
});

it('nor where widgets are edited and deleted while their refreshes end', async () => {
  const bob = await world.addPerson(await world.addBusiness());
  const inTenant = (work: (trx: Knex.Transaction) => Promise<unknown>) =>
    withTenantModels(world.db, bob.businessId, work);
  const problems: unknown[] = [];
  for (let round = 0; round < 10; round += 1) {
    const doomed = await world.addWidgets(bob, 60);
    const running = await Promise.all(doomed.map((id) => world.begin(bob.businessId, id)));
    const finish = createFinishRefresh(world.db);
    const ends = running.map(
      (refresh) => () => finish({ running: refresh, json: '1', hash: '1', nextDue: null }),
    );
    const changes = doomed.map(
      (id, index) => () =>
        inTenant((trx) =>
          index % 4 === 0 ? updateWidget(trx, id, undefined, { config: { a: 1 } }) : deleteWidget(trx, id),
        ),
    );
    // The later half first, so that the two meet in the middle.
    problems.push(...(await failuresOf([...ends, ...changes.toReversed()])));
  }
  expect(problems).toEqual([]);
  expect(await deadlocks()).toBe(0);
});
