import type { Database } from '../../../db/database';
import { findConversationAccess } from '../../../domain/conversations/access';
import { findDashboardAccess } from '../../../domain/dashboards/access';
import { conversationPolicy } from '../../../domain/policies/conversation';
import { dashboardPolicy } from '../../../domain/policies/dashboard';
import type { Actor } from '../../../domain/roles';
import { notFound } from '../../../lib/errors';

/** @throws HttpError 404 for what is foreign, private to someone else, or not there: they can't be told apart */
export async function assertMayReadDashboard(db: Database, actor: Actor, dashboardId: string): Promise<void> {
  const access = await findDashboardAccess(db, actor.businessId, dashboardId);
  if (!access || !dashboardPolicy.read(actor, access)) throw notFound('Dashboard');
}

/** @throws HttpError 404 for what is foreign, someone else's, deleted or not there: they can't be told apart */
export async function assertMayReadConversation(
  db: Database,
  actor: Actor,
  conversationId: string,
): Promise<void> {
  const access = await findConversationAccess(db, actor.businessId, conversationId);
  if (!access || !conversationPolicy.read(actor, access)) throw notFound('Conversation');
}
