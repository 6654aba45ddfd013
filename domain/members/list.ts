import { withTenantModels } from '../../db/scope';
import type { Database } from '../../db/database';
import type { MemberRow } from '../presenters/people';

const SORT_COLUMNS = { createdAt: 'm.created_at', name: 'u.name', email: 'u.email' } as const;
export const MEMBER_SORTS = Object.keys(SORT_COLUMNS) as [keyof typeof SORT_COLUMNS];

export interface MemberPage {
  page: number;
  pageSize: number;
  field: keyof typeof SORT_COLUMNS;
  direction: 'asc' | 'desc';
  /** A LIKE pattern. */
  pattern: string | undefined;
}

/** A page of a business's members; `pattern` is looked for in names and addresses. */
export function listMembers(
  db: Database,
  businessId: string,
  { page, pageSize, field, direction, pattern }: MemberPage,
): Promise<{ rows: MemberRow[]; total: number }> {
  return withTenantModels(db, businessId, async (trx) => {
    const members = trx('memberships as m')
      .join('users as u', 'u.id', 'm.user_id')
      .where('m.business_id', businessId);
    if (pattern !== undefined) {
      members.where(
        (found) => void found.where('u.name', 'ilike', pattern).orWhere('u.email', 'ilike', pattern),
      );
    }
    const rows = await members
      .clone()
      .select({
        userId: 'u.id',
        name: 'u.name',
        email: 'u.email',
        avatarUrl: 'u.avatar_url',
        role: 'm.role',
        version: 'm.version',
      })
      .orderBy(SORT_COLUMNS[field], direction)
      .orderBy('u.id')
      .limit(pageSize)
      .offset((page - 1) * pageSize);
    const [counted] = await members.count<{ count: number }[]>({ count: '*' });
    return { rows: rows as MemberRow[], total: counted?.count ?? 0 };
  });
}
