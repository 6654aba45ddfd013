import type { Database } from '../../db/database';
import { tenantStatement, type Statement } from '../../db/scope';
import { createBatcher } from '../../lib/batcher';
import type { WidgetSource } from '../widgets/source-schemas';
import { LEASE_MS } from './limits';
import type { Claim } from './request';
import type { Schedule } from './schedule';

/** A claimed refresh in a worker's hands: the widget as it was when it began. */
export interface RunningRefresh extends Claim {
  /** Only the holder of the newest fence may write; a frozen twin that wakes up is refused. */
  fence: number;
  crashes: number;
  failures: number;
  name: string;
  type: string;
  config: Record<string, unknown>;
  ownerId: string | null;
  scope: 'business' | 'user';
  ttlSeconds: number | null;
  source: WidgetSource;
  schedule: Schedule | null;
  /** widgets.version: an edit while the source runs makes its result worthless. */
  definitionVersion: number;
  connection: {
    id: string;
    kind: 'postgres' | 'http';
    config: Record<string, unknown>;
    secret: string | null;
  } | null;
}

const START: Statement = {
  name: 'refresh-start',
  // redelivered: the broker says that an earlier start of this very job never ended, so its worker is dead to us.
  // The fence is at least the time, µs: a start that a crash of Postgres forgot must not share its number.
  text: `
    with job as (
      select * from unnest($1::uuid[], $2::bigint[], $3::boolean[]) as job (widget_id, claim_no, redelivered)
    ), locked as materialized (
      select s.widget_id from widget_schedules s join job using (widget_id, claim_no)
       where s.claimed_at is not null and (s.started_at is null or job.redelivered)
       order by s.widget_id for update of s
    )
    update widget_schedules s set
      started_at = now(), fence = greatest(s.fence + 1, (extract(epoch from clock_timestamp()) * 1000000)::bigint),
      lease_until = now() + $4 * interval '1 ms',
      crashes = s.crashes + (s.started_at is not null)::int
    from locked join widgets w on w.id = locked.widget_id
    left join connections c on c.business_id = w.business_id and c.id = w.connection_id
    where s.widget_id = locked.widget_id
    returning s.widget_id as "widgetId", s.fence, s.crashes, s.failures, w.name, w.type, w.config, w.owner_id as "ownerId",
      w.scope, w.ttl_seconds as "ttlSeconds", w.source, w.schedule, w.version as "definitionVersion",
      case when c.id is not null then json_build_object(
        'id', c.id, 'kind', c.kind, 'config', c.config, 'secret', c.secret) end as connection`,
};

interface Start {
  claim: Claim;
  /** The broker started this job before (BullMQ's attemptsStarted above 1). */
  redelivered: boolean;
}

/**
 * Takes a claimed refresh in hand and gives it a new fence. Resolves to undefined when the claim is over, or
 * another worker has it: then there is nothing to do.
 */
export type StartRefresh = (start: Start) => Promise<RunningRefresh | undefined>;

export function createStartRefresh(db: Database): StartRefresh {
  const start = createBatcher<Start, RunningRefresh | undefined>({
    idOf: ({ claim }) => claim.widgetId,
    async run(businessId, starts) {
      const rows = await tenantStatement<Omit<RunningRefresh, 'businessId' | 'claimNo' | 'requestId'>>(
        db,
        businessId,
        START,
        [
          starts.map(({ claim }) => claim.widgetId),
          starts.map(({ claim }) => claim.claimNo),
          starts.map(({ redelivered }) => redelivered),
          LEASE_MS,
        ],
        // Redone by the next worker if lost; the write that matters is the one that ends it.
        { durable: false },
      );
      const started = new Map(rows.map((row) => [row.widgetId, row]));
      return starts.map(({ claim }) => {
        const row = started.get(claim.widgetId);
        return row && { ...claim, ...row };
      });
    },
  });
  return (item) => start(item.claim.businessId, item);
}
