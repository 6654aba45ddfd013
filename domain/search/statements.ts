import type { Statement } from '../../db/scope';

/**
 * $1 the asker, $2 the words for websearch_to_tsquery, $3 prefixes for to_tsquery, $4 a pattern for ilike, $5 limit.
 *
 * Widgets and dashboards have no index for this: row-level security keeps Postgres from using a GIN index for `@@`
 * (its function is not leakproof; the tables' owner gets the index, the tenant's role does not). So a search reads its
 * business's rows either way, and a stored tsvector of the data would be paid with every refresh. Measured: 0.1 s for
 * a thousand widgets of 1 KB, 1 s for ten thousand, 2.3 s with five hundred of 130 KB more.
 */
const ASKED = `asked as (
  select websearch_to_tsquery('simple', $2) as exact, to_tsquery('simple', coalesce($3, '')) as prefix, $4::text as pattern
)`;

/** How well a document answers: whole words count more than beginnings, and a name that holds the text is best. */
const rankOf = (name: string) => `
  ts_rank(document, exact) * 2 + ts_rank(document, prefix) + (${name} ilike pattern)::int`;

/** Of a widget's data, characters: its columns and first rows. All of it may be 1 MB for each widget. */
const DATA_CHARACTERS = 20_000;

export const SEARCH_WIDGETS: Statement = {
  name: 'search-widgets',
  text: `
    with ${ASKED}, found as materialized (
      select w.id, w.business_id, w.owner_id, w.scope, w.name, w.type, w.config::text as config,
             coalesce(left(d.data::text, ${DATA_CHARACTERS}), '') as data
        from widgets w join widget_data d on d.widget_id = w.id
       where w.business_id = current_business() and (w.scope = 'business' or w.owner_id = $1)
    ), documents as materialized (
      select found.*, setweight(to_tsvector('simple', name), 'A')
                      || setweight(to_tsvector('simple', type || ' ' || config || ' ' || data), 'D') as document
        from found
    )
    select 'widget' as kind, id, name, type, business_id as "businessId", owner_id as "ownerId", scope,
           data || ' ' || config as text, coalesce(${rankOf('name')}, 0)::float8 as rank
      from documents cross join asked
     where document @@ exact or document @@ prefix or name ilike pattern or data ilike pattern
     order by rank desc, id limit $5`,
};

export const SEARCH_DASHBOARDS: Statement = {
  name: 'search-dashboards',
  text: `
    with ${ASKED}, documents as materialized (
      select id, business_id, owner_id, shared, name, description,
             setweight(to_tsvector('simple', name), 'A')
             || setweight(to_tsvector('simple', left(description, ${DATA_CHARACTERS})), 'B') as document
        from dashboards where business_id = current_business() and (shared or owner_id = $1)
    )
    select 'dashboard' as kind, id, name, business_id as "businessId", owner_id as "ownerId", shared,
           description as text, coalesce(${rankOf('name')}, 0)::float8 as rank
      from documents cross join asked
     where document @@ exact or document @@ prefix or name ilike pattern or description ilike pattern
     order by rank desc, id limit $5`,
};

/** $6: the conversation that asks: what is said in it the model has before it, the question itself included. */
export const SEARCH_CONVERSATIONS: Statement = {
  name: 'search-conversations',
  text: `
    with ${ASKED}, documents as materialized (
      select c.id, c.business_id, c.user_id, c.title, m.content, m.search as document
        from conversations c join messages m on m.conversation_id = c.id
       where c.business_id = current_business() and c.user_id = $1 and c.deleted_at is null and c.id <> $6
         and m.search is not null
    ), best as (
      select distinct on (id) *, coalesce(${rankOf('title')}, 0)::float8 as rank
        from documents cross join asked
       where document @@ exact or document @@ prefix or title ilike pattern or content ilike pattern
       order by id, rank desc
    )
    select 'conversation' as kind, id, title as name, business_id as "businessId", user_id as "userId",
           content as text, rank
      from best order by rank desc, id limit $5`,
};
