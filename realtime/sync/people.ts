import type { Statement, Transaction } from '../../db/scope';
import { SETTINGS_COLUMNS } from '../../domain/businesses/columns';
import {
  presentMember,
  presentSettings,
  type BusinessSettingsRow,
  type MemberRow,
} from '../../domain/presenters/people';
import { presentNotification, type NotificationRow } from '../../domain/presenters/notification';
import type { ChangedRow } from './changes';
import type { Since } from './since';

const BUSINESS: Statement = {
  name: 'sync-business',
  text: `select ${SETTINGS_COLUMNS} from businesses b where b.id = $1 and b.xid >= $2::xid8`,
};

/** The business's own row: everyone in it sees its settings. */
export async function changedBusiness(tx: Transaction, { actor, xmin }: Since): Promise<ChangedRow[]> {
  const rows = await tx.query<BusinessSettingsRow & object>(BUSINESS, [actor.businessId, xmin]);
  return rows.map((row) => ({ kind: 'business', row: presentSettings(row) }));
}

const MEMBERS: Statement = {
  name: 'sync-members',
  // A person's new name is written to their memberships, too (a trigger), so one version and one xid tell all.
  text: `select u.id as "userId", u.name, u.email, u.avatar_url as "avatarUrl", m.role, m.version
           from memberships m join users u on u.id = m.user_id
          where m.business_id = $1 and m.xid >= $2::xid8 order by m.xid limit $3`,
};

/** Everyone in a business sees who its members are. */
export async function changedMembers(tx: Transaction, { actor, xmin, limit }: Since): Promise<ChangedRow[]> {
  const rows = await tx.query<MemberRow>(MEMBERS, [actor.businessId, xmin, limit]);
  return rows.map((row) => ({ kind: 'member', row: presentMember(row) }));
}

const NOTIFICATIONS: Statement = {
  name: 'sync-notifications',
  text: `select id, type, title, body, subject, read_at as "readAt", created_at as "createdAt", version
           from notifications where business_id = $1 and xid >= $2::xid8 and user_id = $3
          order by xid limit $4`,
};

/** One's own only. */
export async function changedNotifications(
  tx: Transaction,
  { actor, xmin, limit }: Since,
): Promise<ChangedRow[]> {
  const rows = await tx.query<NotificationRow>(NOTIFICATIONS, [actor.businessId, xmin, actor.userId, limit]);
  return rows.map((row) => ({ kind: 'notification', row: presentNotification(row) }));
}
