import type { Database } from '../../db/database';
import { systemStatement, tenantStatement, type Statement } from '../../db/scope';
import type { BusinessRow, BusinessSettingsRow } from '../presenters/people';
import type { Role } from '../roles';
import { SETTINGS_COLUMNS } from './columns';

const MINE: Statement = {
  name: 'businesses-of-person',
  text: `select b.id, b.name, b.timezone, b.locale, m.role from memberships m join businesses b on b.id = m.business_id
          where m.user_id = $1 order by m.created_at, b.id`,
};
const SETTINGS: Statement = {
  name: 'business-settings',
  text: `select ${SETTINGS_COLUMNS} from businesses b where b.id = $1`,
};

/** Every business that a person belongs to, with their role in it. Across tenants: it is the person's own list. */
export const businessesOf = (db: Database, userId: string): Promise<(BusinessRow & { role: Role })[]> =>
  systemStatement<BusinessRow & { role: Role }>(db, MINE, [userId]);

export async function findSettings(
  db: Database,
  businessId: string,
): Promise<BusinessSettingsRow | undefined> {
  return (await tenantStatement<BusinessSettingsRow & object>(db, businessId, SETTINGS, [businessId]))[0];
}
