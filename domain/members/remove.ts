import type { Knex } from 'knex';
import { becomeSystem, type Statement } from '../../db/scope';
import { asTransaction, trxStatement } from '../../db/trx-statement';
import { revokeSessions, type EndedSessions } from '../accounts/revoke';
import { recordAudit, type AuditOrigin } from '../audit/record';
import { revokeInvitationsOf } from '../invitations/revoke';
import type { Actor } from '../roles';
import { assertVersion, lockForChange, type LockedMember } from './lock';
import { leaveBehind } from './leave-behind';

const REMOVE: Statement = {
  name: 'members-remove',
  text: 'delete from memberships where business_id = $1 and user_id = $2',
};
const COUNT_KEYS: Statement = {
  name: 'members-count-keys',
  text: 'select count(*)::int as keys from api_keys where business_id = $1 and user_id = $2',
};
const STOP_RUNS: Statement = {
  name: 'members-stop-runs',
  // Queued and waiting ones are ended by the worker that claims them: their person is no member.
  text: `update runs set stop_requested_at = now(), updated_at = now()
          where business_id = $1 and user_id = $2 and status = 'running' and stop_requested_at is null returning id`,
};

export interface RemovedMember {
  userId: string;
  /** The deletion's place among the member's versions. */
  version: number;
  sessions: EndedSessions;
  /** Runs whose workers are to be told (signalStop). */
  stoppingIds: string[];
  /** What went over to another member, and is to be announced anew. */
  inherited: { dashboardIds: string[]; widgetIds: string[] };
}

/**
 * Takes a member out of the business, at once and in one transaction: their logins that act in it, their API keys
 * (the database's cascade), open invitations they sent, runs under way, and what only they could see (private
 * dashboards, widgets of their own) go; shared dashboards and the business's widgets pass to the admin who removes
 * them, or to another admin where they leave. Conversations stay until retention takes them,
 * readable to nobody. Ends in the system's role: sessions belong to a person, not to a business.
 * @throws HttpError 403, 404, 409 for the last admin, 412
 */
export async function removeMember(
  trx: Knex.Transaction,
  actor: Actor,
  origin: AuditOrigin,
  { userId, ifMatch }: { userId: string; ifMatch: number | undefined },
): Promise<RemovedMember> {
  const { businessId } = actor;
  const { member, admins } = await lockForChange(trx, actor, userId, null);
  assertVersion(member, ifMatch);
  const stopped = await trxStatement<{ id: string }>(trx, STOP_RUNS, [businessId, userId]);
  const left = await leaveBehind(trx, businessId, userId, heirOf(actor, userId, admins));
  await revokeInvitationsOf(trx, businessId, userId);
  const [counted] = await trxStatement<{ keys: number }>(trx, COUNT_KEYS, [businessId, userId]);
  await recordAudit(trx, origin, {
    action: userId === actor.userId ? 'member.left' : 'member.removed',
    subject: { kind: 'member', id: userId },
    before: {
      email: member.email,
      role: member.role,
      apiKeys: counted?.keys,
      dashboards: left.deletedDashboards,
      widgets: left.deletedWidgets,
      runs: stopped.length,
    },
  });
  await trxStatement(trx, REMOVE, [businessId, userId]);
  await becomeSystem(trx);
  return {
    userId,
    version: member.version + 1,
    sessions: await revokeSessions(asTransaction(trx), { userId, businessId }, 'removed', origin),
    stoppingIds: stopped.map(({ id }) => id),
    inherited: left.inherited,
  };
}

/** null only where the business never had an admin: lockForChange keeps one. */
function heirOf(actor: Actor, userId: string, admins: readonly LockedMember[]): string | null {
  if (actor.userId !== userId) return actor.userId;
  return admins.find((admin) => admin.userId !== userId)?.userId ?? null;
}
