import type { Statement, Transaction } from '../../db/scope';
import type { DeletedRow, SyncKind } from './changes';
import type { Since } from './since';

const TOMBSTONES: Statement = {
  name: 'sync-tombstones',
  text: `select kind, row_id as id, version
           from tombstones
          where business_id = $1 and xid >= $2::xid8
            and (user_id is null or user_id = $3) and except_user_id is distinct from $3
          order by xid limit $4`,
};

/** What this person could see and can't any more; a row that went more than once is there for each time. */
export async function buriedRows(tx: Transaction, { actor, xmin, limit }: Since): Promise<DeletedRow[]> {
  const rows = await tx.query<{ kind: SyncKind; id: string; version: number }>(TOMBSTONES, [
    actor.businessId,
    xmin,
    actor.userId,
    limit,
  ]);
  return rows.map((row) => ({ ...row, deleted: true }));
}
