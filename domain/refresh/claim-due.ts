import type { Database } from '../../db/database';
import { withSystem, type Statement, type Transaction } from '../../db/scope';
import { allocate, type Allocation, type Contender } from './allocate';
import { CATCH_UP_SPREAD_MS, INTERACTIVE_PER_SLOT, LEASE_MS, OUTAGE_MS, SCHEDULED_PER_SLOT } from './limits';
import type { Claim } from './request';

/** Spells "DUE". One sweep at a time: two would both count the same free slots. */
const SWEEP_LOCK = 0x445545;

const BEGIN_SWEEP: Statement = {
  name: 'refresh-begin-sweep',
  text: `
    with lock as materialized (select pg_try_advisory_xact_lock($1) as held)
    select lock.held, s.last_at < now() - $2 * interval '1 ms' as outage,
           s.last_at < now() - interval '1 s' as unmarked
      from lock cross join refresh_sweeps s`,
};

const MARK_SWEEP: Statement = {
  name: 'refresh-mark-sweep',
  text: 'update refresh_sweeps set last_at = now()',
};

const SPREAD_MISSED: Statement = {
  name: 'refresh-spread-missed',
  // Rows that someone holds are being asked for right now: passed over, so that nobody waits for all of these.
  text: `
    with missed as materialized (
      select widget_id from widget_schedules
       where due_at <= now() and claimed_at is null and lane = 'scheduled' for update skip locked
    )
    update widget_schedules s set due_at = now() + random() * $1 * interval '1 ms'
      from missed where s.widget_id = missed.widget_id`,
};

const CONTENDERS: Statement = {
  name: 'refresh-contenders',
  text: `
    with due as (
      select business_id, lane, count(*)::int as due from widget_schedules
       where due_at <= now() and claimed_at is null group by 1, 2
    ), held as (
      select business_id, lane, count(*)::int as held
        from widget_schedules where claimed_at is not null group by 1, 2
    )
    select business_id as "businessId", lane, coalesce(due.due, 0) as due,
           coalesce(held.held, 0) as "inFlight", coalesce(t.virtual_time, 0) as "virtualTime",
           b.schedule_weight as weight,
           (select coalesce(sum(slots), 0)::int from worker_nodes where lease_until > now()) as slots
      from due full join held using (business_id, lane)
      join businesses b on b.id = business_id
      left join business_turns t using (business_id, lane)`,
};

const TAKE: Statement = {
  name: 'refresh-take',
  text: `
    with turn as (
      select * from unnest($1::uuid[], $2::text[], $3::int[], $4::float8[])
        as turn (business_id, lane, take, virtual_time)
    ), picked as materialized (
      select candidate.widget_id from turn cross join lateral (
        select widget_id from widget_schedules s
         where s.business_id = turn.business_id and s.lane = turn.lane
           and due_at <= now() and claimed_at is null
         order by due_at limit turn.take for update skip locked
      ) candidate
    ), turned as (
      insert into business_turns (business_id, lane, virtual_time)
      select business_id, lane, virtual_time from turn
      on conflict (business_id, lane) do update set virtual_time = excluded.virtual_time
    )
    update widget_schedules s set
      claim_no = s.claim_no + 1, claimed_at = now(), lease_until = now() + $5 * interval '1 ms',
      request_id = coalesce(s.request_id, 'schedule-' || gen_random_uuid())
    from picked where s.widget_id = picked.widget_id
    returning s.widget_id as "widgetId", s.business_id as "businessId", s.claim_no as "claimNo",
              s.request_id as "requestId"`,
};

const NEXT_DUE: Statement = {
  name: 'refresh-next-due',
  text: `select extract(epoch from min(due_at) - now())::float8 * 1000 as ms from widget_schedules
          where due_at > now() and claimed_at is null`,
};

type Lane = 'scheduled' | 'interactive';
type LaneContender = Contender & { lane: Lane; slots: number };

export interface Sweep {
  claims: Claim[];
  /** Due widgets that found no free slot; undefined where another process was sweeping. */
  waiting: number | undefined;
  /** Until the next widget falls due, ms; undefined when nothing is scheduled. */
  nextDueMs: number | undefined;
}

/**
 * Claims what is due, fairly between businesses, as far as there are free slots. Across tenants, because
 * fairness between them is its purpose. Any number of processes may call it; one at a time does the work.
 * Costs what is due, not what exists.
 */
export function claimDue(db: Database): Promise<Sweep> {
  return withSystem(
    db,
    async (tx) => {
      const [state] = await tx.query<{ held: boolean; outage: boolean; unmarked: boolean }>(BEGIN_SWEEP, [
        SWEEP_LOCK,
        OUTAGE_MS,
      ]);
      if (!state?.held) return { claims: [], waiting: undefined, nextDueMs: undefined };
      if (state.unmarked) await tx.query(MARK_SWEEP, []);
      if (state.outage) await tx.query(SPREAD_MISSED, [CATCH_UP_SPREAD_MS]);
      const contenders = await tx.query<LaneContender>(CONTENDERS, []);
      const claims = await take(tx, contenders);
      const [next] = await tx.last<{ ms: number | null }>(NEXT_DUE, []);
      const due = contenders.reduce((sum, contender) => sum + contender.due, 0);
      return { claims, waiting: due - claims.length, nextDueMs: next?.ms ?? undefined };
    },
    // A claim that a crash of Postgres loses is simply due again.
    { durable: false },
  );
}

async function take(tx: Transaction, contenders: readonly LaneContender[]): Promise<Claim[]> {
  const slots = contenders[0]?.slots ?? 0;
  const turns: (Allocation & { lane: Lane })[] = [
    ...allocateLane(contenders, 'scheduled', Math.floor(slots * SCHEDULED_PER_SLOT)),
    ...allocateLane(contenders, 'interactive', slots * INTERACTIVE_PER_SLOT),
  ];
  if (turns.length === 0) return [];
  return tx.query<Claim>(TAKE, [
    turns.map((turn) => turn.businessId),
    turns.map((turn) => turn.lane),
    turns.map((turn) => turn.take),
    turns.map((turn) => turn.virtualTime),
    LEASE_MS,
  ]);
}

function allocateLane(contenders: readonly LaneContender[], lane: Lane, slots: number) {
  const ofLane = contenders.filter((contender) => contender.lane === lane);
  const inFlight = ofLane.reduce((sum, contender) => sum + contender.inFlight, 0);
  return allocate(ofLane, slots, inFlight).map((allocation) => ({ ...allocation, lane }));
}
