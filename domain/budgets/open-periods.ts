import type { Statement } from '../../db/scope';

/** The budgets `b` that apply to calls of the person $1 and the agent $2. */
export const APPLYING = `(b.scope_kind = 'business' or (b.scope_kind = 'member' and b.scope_id = $1)
                          or (b.scope_kind = 'agent' and b.scope_id = $2))`;

/** The calls `l` that count in the budget `b`, of its period `p`. */
export const COUNTED = `
  l.business_id = b.business_id and l.created_at >= p.start and l.created_at < p."end"
  and case b.scope_kind when 'business' then true
                        when 'member' then l.user_id = b.scope_id
                        when 'agent' then l.agent_id = b.scope_id end`;

/** The current period `p` of the budget `b` in the zone of the business `z`. */
export const CURRENT_PERIOD = `
  lateral (select period_start(b.period, z.timezone, now()) as start,
                  period_end(b.period, z.timezone, now()) as "end") p`;

/**
 * Makes the current day's or month's row of every budget that applies to a call, where it is missing. It begins
 * with what the ledger says: nothing at a period's turn, but after a change of the business's time zone the new
 * period has already begun. Calls still held count in full there, since they are settled in the row that held them.
 */
export const OPEN_PERIODS: Statement = {
  name: 'budgets-open-periods',
  text: `
    insert into budget_periods (budget_id, business_id, period_start, period_end, spent_nano)
    select b.id, b.business_id, p.start, p."end",
           (select coalesce(sum(case when l.status = 'held' then l.hold_nano else l.cost_nano end), 0)
              from ledger l where ${COUNTED})
      from budgets b join businesses z on z.id = b.business_id cross join ${CURRENT_PERIOD}
     where ${APPLYING}
       and not exists (select from budget_periods old where old.budget_id = b.id and old.period_start = p.start)
     order by b.id
    on conflict do nothing`,
};
