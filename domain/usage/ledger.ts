import type { Database } from '../../db/database';
import { tenantStatement, type Statement } from '../../db/scope';
import { CALL_COLUMNS, type CallRow } from '../presenters/call';

const PAGE: Statement = {
  name: 'usage-ledger',
  text: `select ${CALL_COLUMNS} from ledger l
          where l.business_id = current_business()
            and ($1::uuid is null or (l.created_at, l.id) < (select created_at, id from ledger where id = $1))
          order by l.created_at desc, l.id desc limit $2`,
};

/**
 * A business's calls, newest first, those under way included.
 * @param before a call's id: only what was made before it
 */
export const ledgerPage = (
  db: Database,
  businessId: string,
  before: string | undefined,
  limit: number,
): Promise<CallRow[]> => tenantStatement<CallRow>(db, businessId, PAGE, [before ?? null, limit]);
