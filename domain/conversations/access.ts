import type { Database } from '../../db/database';
import { systemStatement, tenantStatement, type Statement } from '../../db/scope';

/** What the conversation policy looks at. */
export interface ConversationAccess {
  businessId: string;
  userId: string;
}

const COLUMNS = 'id, business_id as "businessId", user_id as "userId"';

const FIND: Statement = {
  name: 'conversation-access',
  text: `select ${COLUMNS} from conversations where id = $1 and deleted_at is null`,
};

const FIND_MANY: Statement = {
  name: 'conversation-access-many',
  text: `select ${COLUMNS} from conversations where id = any($1::uuid[]) and deleted_at is null`,
};

/** undefined where there is none of this id in the business, or where it was deleted. */
export async function findConversationAccess(
  db: Database,
  businessId: string,
  conversationId: string,
): Promise<ConversationAccess | undefined> {
  const rows = await tenantStatement<ConversationAccess & object>(db, businessId, FIND, [conversationId]);
  return rows[0];
}

/**
 * The same for many at once, by id; one that is missing was deleted. Across tenants: for a server that looks after
 * all of its open sockets in one statement, and asks the policy for each of them.
 */
export async function findConversationAccesses(
  db: Database,
  conversationIds: readonly string[],
): Promise<Map<string, ConversationAccess>> {
  const rows = await systemStatement<ConversationAccess & { id: string }>(db, FIND_MANY, [conversationIds]);
  return new Map(rows.map((row) => [row.id, row]));
}
