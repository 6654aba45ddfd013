import type { Database } from '../../db/database';
import { withTenant, type Statement } from '../../db/scope';
import type { InvitationRow } from '../presenters/invitation';
import { INVITATION_COLUMNS } from './columns';

/** Sorted by a fixed set of columns: one statement for each way. */
const ORDERS = {
  createdAt: 'i.created_at',
  '-createdAt': 'i.created_at desc',
  email: 'lower(i.email)',
  '-email': 'lower(i.email) desc',
} as const;
export type InvitationOrder = keyof typeof ORDERS;

const FOUND = `from invitations i
  where i.business_id = $1 and i.accepted_at is null and ($2::text is null or i.email ilike $2)`;

const COUNT: Statement = { name: 'invitations-count', text: `select count(*)::int as total ${FOUND}` };
const pageIn = (order: InvitationOrder): Statement => ({
  name: `invitations-list ${order}`,
  text: `select ${INVITATION_COLUMNS} ${FOUND} order by ${ORDERS[order]}, i.id limit $3 offset $4`,
});

/** Those that nobody accepted yet, also where they have run out. @param pattern a LIKE pattern for addresses */
export function listInvitations(
  db: Database,
  businessId: string,
  {
    order,
    page,
    pageSize,
    pattern,
  }: { order: InvitationOrder; page: number; pageSize: number; pattern?: string },
): Promise<{ rows: InvitationRow[]; total: number }> {
  const found = [businessId, pattern ?? null];
  return withTenant(db, businessId, async (tx) => {
    const [[counted], rows] = await Promise.all([
      tx.query<{ total: number }>(COUNT, found),
      tx.query<InvitationRow & object>(pageIn(order), [...found, pageSize, (page - 1) * pageSize]),
    ]);
    return { rows, total: counted?.total ?? 0 };
  });
}
