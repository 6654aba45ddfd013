import { claimDue } from '../../../domain/refresh/claim-due';
import { createRequestRefresh, type Claim, type RequestRefresh } from '../../../domain/refresh/request';
import { createFinishRefresh, failRefresh, type RefreshOutcome } from '../../../domain/refresh/end';
import { createStartRefresh, type RunningRefresh } from '../../../domain/refresh/start';
import { newId, sha256 } from '../../../lib/ids';
import { createWorld, type Person, type World } from '../../realtime/fixture';

export interface WidgetOptions {
  schedule?: object | null;
  refreshWhen?: 'always' | 'watched';
  /** Milliseconds from now; null: not due. */
  dueInMs?: number | null;
  lane?: 'scheduled' | 'interactive';
  source?: object;
}

/** A widget's row of widget_schedules beside its data, as the tables' owner sees them. */
export interface State {
  due: Date | null;
  lane: string;
  claimNo: number;
  claimed: boolean;
  started: boolean;
  fence: number;
  again: boolean;
  failures: number;
  crashes: number;
  paused: boolean;
  refreshedAt: Date | null;
  status: string;
  data: unknown;
  error: { code: string; message: string } | null;
  version: number;
  history: number;
}

/** The lifecycle as a worker and a server use it, on a database of a test file's own. */
export interface RefreshWorld extends World {
  request: RequestRefresh;
  start(claim: Claim, redelivered?: boolean): Promise<RunningRefresh | undefined>;
  finish(running: RunningRefresh, data: unknown, nextDue?: Date | null): Promise<RefreshOutcome | undefined>;
  fail(
    running: RunningRefresh,
    options?: { pause?: boolean; retryMs?: number },
  ): Promise<RefreshOutcome | undefined>;
  /** Adds widgets and gives their ids, in the order in which they fall due. */
  addWidgets(owner: Person, count: number, options?: WidgetOptions): Promise<string[]>;
  state(widgetId: string): Promise<State>;
  /** Claims a widget that is not claimed, and starts it. */
  begin(businessId: string, widgetId: string): Promise<RunningRefresh>;
  /** One worker process with this many slots, and no other. */
  setSlots(slots: number): Promise<void>;
  /** Sweeps as if one had just been, so that no test's age counts as an outage. */
  sweep(): ReturnType<typeof claimDue>;
}

export async function createRefreshWorld(): Promise<RefreshWorld> {
  const world = await createWorld();
  const { db } = world;
  // One connection: what is asked at the same time takes turns.
  let last: Promise<unknown> = Promise.resolve();
  const sql: World['sql'] = (text, values) => {
    const answer = last.then(() => world.sql(text, values));
    last = answer.catch(() => undefined);
    return answer;
  };
  const request = createRequestRefresh(db);
  const start = createStartRefresh(db);
  const finish = createFinishRefresh(db);
  const startOne = (claim: Claim, redelivered = false) => start({ claim, redelivered });

  return {
    ...world,
    sql,
    request,
    start: startOne,
    finish(running, data, nextDue = null) {
      const json = JSON.stringify(data);
      return finish({ running, json, hash: sha256(json), nextDue });
    },
    fail: (running, { pause = false, retryMs = 60_000 } = {}) =>
      failRefresh(db, running, {
        code: 'http_status',
        message: 'The server answered 500.',
        pause,
        retryMs,
        notificationId: newId(),
      }),
    async addWidgets({ businessId, userId }, count, options = {}) {
      const { schedule = null, refreshWhen = 'always', dueInMs = null, lane = 'scheduled' } = options;
      const { source = { kind: 'static', data: {} } } = options;
      const ids = Array.from({ length: count }, newId);
      await sql(
        `insert into widgets (id, business_id, owner_id, name, type, source, schedule, refresh_when)
         select id, $2, $3, 'Widget', 'custom', $4, $5, $6 from unnest($1::uuid[]) as id`,
        [ids, businessId, userId, source, schedule && JSON.stringify(schedule), refreshWhen],
      );
      // Or the foreign keys' checks, planned for the few rows that were there, would read all of these each time.
      if (count >= 1_000) await sql('analyze widgets');
      await sql(
        'insert into widget_data (widget_id, business_id) select id, $2 from unnest($1::uuid[]) as id',
        [ids, businessId],
      );
      await sql(
        `insert into widget_schedules (widget_id, business_id, lane, due_at)
         select id, $2, $3, now() + ($4::float8 + place / 1000.0) * interval '1 ms'
           from unnest($1::uuid[]) with ordinality as widget (id, place)`,
        [ids, businessId, lane, dueInMs],
      );
      return ids;
    },
    async state(widgetId) {
      const [row] = await sql(
        `select s.due_at as due, s.lane, s.claim_no::int as "claimNo", s.claimed_at is not null as claimed,
                s.started_at is not null as started, s.fence::float8 as fence, s.again, s.failures, s.crashes,
                s.paused_at is not null as paused, s.refreshed_at as "refreshedAt",
                d.status, d.data, d.error, d.version::int as version,
                (select count(*)::int from widget_data_history h where h.widget_id = s.widget_id) as history
           from widget_schedules s join widget_data d using (widget_id) where s.widget_id = $1`,
        [widgetId],
      );
      return row as unknown as State;
    },
    async begin(businessId, widgetId) {
      const asked = await request(businessId, { widgetId, requestId: 'test' });
      const running = asked?.claim && (await startOne(asked.claim));
      if (!running) throw new Error('The widget is claimed already.');
      return running;
    },
    async setSlots(slots) {
      await sql('delete from worker_nodes');
      await sql(`insert into worker_nodes values ($1, $2, now() + interval '1 hour')`, [newId(), slots]);
    },
    async sweep() {
      await sql('update refresh_sweeps set last_at = now()');
      return claimDue(db);
    },
  };
}
