import type { Database } from '../../db/database';
import { withTenant, type Statement } from '../../db/scope';
import type { ApiKeyRow } from '../presenters/api-key';
import { API_KEY_COLUMNS } from './write';

/** Sorted by a fixed set of columns: one statement for each way. */
const ORDERS = {
  createdAt: 'k.created_at',
  '-createdAt': 'k.created_at desc',
  name: 'lower(k.name)',
  '-name': 'lower(k.name) desc',
} as const;
export type ApiKeyOrder = keyof typeof ORDERS;

const FOUND = `from api_keys k where k.business_id = $1 and ($2::text is null or k.name ilike $2)`;

const COUNT: Statement = { name: 'api-keys-count', text: `select count(*)::int as total ${FOUND}` };
const pageIn = (order: ApiKeyOrder): Statement => ({
  name: `api-keys-list ${order}`,
  text: `select ${API_KEY_COLUMNS} ${FOUND} order by ${ORDERS[order]}, k.id limit $3 offset $4`,
});

/** @param pattern a LIKE pattern for names */
export function listApiKeys(
  db: Database,
  businessId: string,
  {
    order,
    page,
    pageSize,
    pattern,
  }: { order: ApiKeyOrder; page: number; pageSize: number; pattern?: string },
): Promise<{ rows: ApiKeyRow[]; total: number }> {
  const found = [businessId, pattern ?? null];
  return withTenant(db, businessId, async (tx) => {
    const [[counted], rows] = await Promise.all([
      tx.query<{ total: number }>(COUNT, found),
      tx.query<ApiKeyRow & object>(pageIn(order), [...found, pageSize, (page - 1) * pageSize]),
    ]);
    return { rows, total: counted?.total ?? 0 };
  });
}
