import type { Database } from '../../db/database';
import { tenantStatement, type Statement } from '../../db/scope';
import type { ConversationRow } from '../presenters/conversation';
import { CONVERSATION_COLUMNS } from '../runs/columns';

const RENAME: Statement = {
  name: 'conversation-rename',
  text: `
    update conversations c set title = $2, titled_by = 'person', updated_at = now()
     where c.id = $1 and c.deleted_at is null and ($3::bigint is null or c.version = $3)
    returning ${CONVERSATION_COLUMNS}`,
};

/** @returns undefined where `ifMatch` is not its version any more */
export async function renameConversation(
  db: Database,
  { id, businessId }: ConversationRow,
  title: string,
  ifMatch: number | undefined,
): Promise<ConversationRow | undefined> {
  return (await tenantStatement<ConversationRow>(db, businessId, RENAME, [id, title, ifMatch ?? null]))[0];
}

const OPEN_RUNS: Statement = {
  name: 'conversation-open-runs',
  text: `select id from runs where conversation_id = $1 and status in ('queued', 'running', 'waiting')`,
};

/** To be stopped before it is deleted: nobody would see what they say any more. */
export async function openRunsOf(db: Database, { id, businessId }: ConversationRow): Promise<string[]> {
  return (await tenantStatement<{ id: string }>(db, businessId, OPEN_RUNS, [id])).map((run) => run.id);
}

const DELETE: Statement = {
  name: 'conversation-delete',
  text: `update conversations set deleted_at = now(), updated_at = now()
          where id = $1 and deleted_at is null returning version`,
};

/**
 * Soft: the upkeep purges it later (product.md, conversation cleanup).
 * @returns its version as deleted; undefined where it was already
 */
export async function deleteConversation(
  db: Database,
  { id, businessId }: ConversationRow,
): Promise<number | undefined> {
  return (await tenantStatement<{ version: number }>(db, businessId, DELETE, [id]))[0]?.version;
}
