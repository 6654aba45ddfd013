import type { Database } from '../../db/database';
import { tenantStatement, type Statement } from '../../db/scope';
import type { ConversationRow } from '../presenters/conversation';
import type { Actor } from '../roles';
import { CONVERSATION_COLUMNS } from '../runs/columns';

/** What may be sorted by, as SQL: nothing of a request reaches a statement's text but through this. */
const ORDERS = {
  lastMessageAt: 'c.last_message_at',
  createdAt: 'c.created_at',
  title: 'lower(c.title)',
} as const;
export const CONVERSATION_SORTS = Object.keys(ORDERS) as [keyof typeof ORDERS];

interface ListOptions {
  search: string | undefined;
  agentId: string | undefined;
  field: keyof typeof ORDERS;
  direction: 'asc' | 'desc';
  page: number;
  pageSize: number;
}

const listBy = (field: keyof typeof ORDERS, direction: 'asc' | 'desc'): Statement => ({
  name: `conversations-by-${field}-${direction}`,
  text: `
    select ${CONVERSATION_COLUMNS}, count(*) over ()::int as total
      from conversations c
     where c.user_id = $1 and c.deleted_at is null and ($2::uuid is null or c.agent_id = $2)
       and ($3::text is null
            or to_tsvector('simple', c.title) @@ websearch_to_tsquery('simple', $3) or c.title ilike $4
            or exists (select from messages m where m.conversation_id = c.id
                        and m.search @@ websearch_to_tsquery('simple', $3)))
     order by ${ORDERS[field]} ${direction}, c.id limit $5 offset $6`,
});

/** One's own conversations; `search` is full text over titles and messages (Postgres, "simple"). */
export async function listConversations(
  db: Database,
  actor: Actor,
  options: ListOptions,
): Promise<{ rows: ConversationRow[]; total: number }> {
  const { search, agentId, field, direction, page, pageSize } = options;
  const rows = await tenantStatement<ConversationRow & { total: number }>(
    db,
    actor.businessId,
    listBy(field, direction),
    [
      actor.userId,
      agentId ?? null,
      search || null,
      search ? `%${search.replace(/[\\%_]/g, '\\$&')}%` : null,
      pageSize,
      (page - 1) * pageSize,
    ],
  );
  // Behind the last page no row carries the count.
  if (rows.length === 0 && page > 1) {
    return { rows, total: (await listConversations(db, actor, { ...options, page: 1, pageSize: 1 })).total };
  }
  return { rows, total: rows[0]?.total ?? 0 };
}
