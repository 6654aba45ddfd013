import type { Database } from '../../db/database';
import { tenantStatement, type Statement } from '../../db/scope';

const FIND: Statement = { name: 'agent-exists', text: 'select id from agents where id = $1' };

/** Whether an agent is still there: conversations and runs name theirs for good. */
export const agentExists = async (db: Database, businessId: string, agentId: string): Promise<boolean> =>
  (await tenantStatement(db, businessId, FIND, [agentId])).length > 0;
