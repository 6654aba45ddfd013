import type { Database } from '../../db/database';
import { systemStatement, type Statement } from '../../db/scope';
import type { Backlog } from '../../lib/metrics/database';

const BACKLOG: Statement = {
  name: 'refresh-backlog',
  text: `select lane, count(s.due_at)::int as due,
                coalesce(extract(epoch from now() - min(s.due_at))::float8 * 1000, 0) as "oldestMs"
           from unnest(array['scheduled', 'interactive']) as lane
           left join (select lane, due_at from widget_schedules where due_at <= now() and claimed_at is null) s
             using (lane)
          group by lane`,
};

/** What is due and waits for a worker, per lane. Across tenants: operators see how much, never whose. */
export const readBacklog = (db: Database): Promise<Backlog[]> => systemStatement<Backlog>(db, BACKLOG, []);
