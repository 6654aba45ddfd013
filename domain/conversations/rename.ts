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
