import type { Statement, Transaction } from '../../db/scope';
import type { PresencePerson } from '../events';
import { columnsOf, type Place } from './connection';

/** What changed in one place, to be announced once the transaction is committed. */
export interface SettledDiff {
  businessId: string;
  scopeId: string;
  rev: number;
  joins: PresencePerson[];
  leaves: string[];
}

const ADD_SCOPES: Statement = {
  name: 'presence-add-scopes',
  text: `
    insert into presence_scopes (business_id, scope_id)
    select distinct place.business_id, place.scope_id
      from unnest($1::uuid[], $2::uuid[]) as place (business_id, scope_id)
      join businesses b on b.id = place.business_id
      left join dashboards d on d.id = place.scope_id and d.business_id = place.business_id
     where (place.scope_id = place.business_id or d.id is not null)
       and not exists (select from presence_scopes s
                        where s.business_id = place.business_id and s.scope_id = place.scope_id)
     order by 1, 2
    on conflict do nothing`,
};

const LOCK_SCOPES: Statement = {
  name: 'presence-lock-scopes',
  // In one order everywhere, so that two nodes never wait for each other.
  text: `select from presence_scopes
          where (business_id, scope_id) in (select * from unnest($1::uuid[], $2::uuid[]))
          order by business_id, scope_id for update`,
};

const SETTLE: Statement = {
  name: 'presence-settle',
  text: `
    with state as materialized (
      select place.business_id, place.scope_id, place.user_id, known.user_id is not null as known,
             known.missing_since,
             case when place.scope_id = place.business_id
               then exists (select from presence_connections c
                             where c.business_id = place.business_id and c.user_id = place.user_id)
               else exists (select from presence_dashboards d
                             where d.dashboard_id = place.scope_id and d.user_id = place.user_id) end as present
        from (select distinct * from unnest($1::uuid[], $2::uuid[], $3::uuid[])
                as place (business_id, scope_id, user_id)) place
        join presence_scopes s on s.business_id = place.business_id and s.scope_id = place.scope_id
        left join presence_people known on known.business_id = place.business_id
          and known.scope_id = place.scope_id and known.user_id = place.user_id
    ), joined as (
      insert into presence_people (business_id, scope_id, user_id)
      select business_id, scope_id, user_id from state where present and not known
      returning business_id, scope_id, user_id
    ), back as (
      update presence_people p set missing_since = null from state s
       where s.present and s.missing_since is not null
         and p.business_id = s.business_id and p.scope_id = s.scope_id and p.user_id = s.user_id
    ), missing as (
      update presence_people p set missing_since = now() from state s
       where not s.present and s.known and s.missing_since is null and $4 > 0
         and p.business_id = s.business_id and p.scope_id = s.scope_id and p.user_id = s.user_id
    ), gone as (
      delete from presence_people p using state s
       where not s.present and ($4 = 0 or s.missing_since <= now() - $4 * interval '1 ms')
         and p.business_id = s.business_id and p.scope_id = s.scope_id and p.user_id = s.user_id
      returning p.business_id, p.scope_id, p.user_id
    ), joins as (
      select j.business_id, j.scope_id, json_agg(json_build_object(
               'userId', u.id, 'name', u.name, 'avatarUrl', u.avatar_url) order by u.id) as people
        from joined j join users u on u.id = j.user_id group by 1, 2
    ), leaves as (
      select business_id, scope_id, json_agg(user_id order by user_id) as people from gone group by 1, 2
    )
    update presence_scopes s set rev = s.rev + 1
      from (select business_id, scope_id, coalesce(joins.people, '[]') as joins,
                   coalesce(leaves.people, '[]') as leaves
              from joins full join leaves using (business_id, scope_id)) changed
     where s.business_id = changed.business_id and s.scope_id = changed.scope_id
    returning s.business_id as "businessId", s.scope_id as "scopeId", s.rev, changed.joins, changed.leaves`,
};

/**
 * Brings what is announced about these people in line with who is connected, and says what to announce. However
 * many nodes settle the same place at once, each change is in exactly one diff: the place's row is locked, and a
 * diff takes the next number of it. Sent without waiting; it must be the transaction's end.
 * @param graceMs how long someone must have been missing before they are gone; 0: they have been for long
 */
export async function settle(
  tx: Transaction,
  places: readonly Place[],
  graceMs: number,
): Promise<SettledDiff[]> {
  const [businesses, scopes, users] = columnsOf(places);
  const [, , diffs] = await Promise.all([
    tx.query(ADD_SCOPES, [businesses, scopes]),
    tx.query(LOCK_SCOPES, [businesses, scopes]),
    // A statement of its own: it must see what was committed while the locks were waited for.
    tx.last<SettledDiff & object>(SETTLE, [businesses, scopes, users, graceMs]),
  ]);
  return diffs;
}
