import type { Database } from '../../db/database';
import { withSystem, type Statement } from '../../db/scope';
import { recordAudit, type AuditOrigin } from '../audit/record';
import type { MemberRow } from '../presenters/people';

export interface ProfileChange {
  name?: string | undefined;
  /** null takes it away. */
  avatarUrl?: string | null | undefined;
}

const LOCK: Statement = {
  name: 'profile-lock',
  text: `select name, avatar_url as "avatarUrl" from users where id = $1 for update`,
};
const UPDATE: Statement = {
  name: 'profile-update',
  text: `update users set name = $2, avatar_url = $3, updated_at = now() where id = $1`,
};
// After the update: its trigger gave each membership a new version.
const MEMBERSHIPS: Statement = {
  name: 'profile-memberships',
  text: `select m.business_id as "businessId", u.id as "userId", u.name, u.email, u.avatar_url as "avatarUrl", m.role,
                m.version
           from memberships m join users u on u.id = m.user_id where u.id = $1`,
};

/** The person as a member of each of their businesses. */
export type OwnMembership = MemberRow & { businessId: string };

/**
 * Changes how a person is shown. Across tenants: they are shown in each of their businesses.
 * @returns their memberships as they are now, to be announced after the commit; none where nothing changed
 */
export function updateProfile(
  db: Database,
  userId: string,
  change: ProfileChange,
  origin: AuditOrigin,
): Promise<OwnMembership[]> {
  return withSystem(db, async (tx) => {
    const [before] = await tx.query<{ name: string; avatarUrl: string | null }>(LOCK, [userId]);
    if (!before) return [];
    const { name = before.name, avatarUrl = before.avatarUrl } = change;
    if (name === before.name && avatarUrl === before.avatarUrl) return [];
    await tx.query(UPDATE, [userId, name, avatarUrl]);
    await recordAudit(tx, origin, {
      action: 'user.updated',
      subject: { kind: 'user', id: userId },
      before,
      after: { name, avatarUrl },
    });
    return tx.last<OwnMembership>(MEMBERSHIPS, [userId]);
  });
}
