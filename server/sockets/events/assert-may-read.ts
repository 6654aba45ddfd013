import type { Database } from '../../../db/database';
import { findDashboardAccess } from '../../../domain/dashboards/access';
import { dashboardPolicy } from '../../../domain/policies/dashboard';
import type { Actor } from '../../../domain/roles';
import { notFound } from '../../../lib/errors';

/** @throws HttpError 404 for what is foreign, private to someone else, or not there: they can't be told apart */
export async function assertMayRead(db: Database, actor: Actor, dashboardId: string): Promise<void> {
  const access = await findDashboardAccess(db, actor.businessId, dashboardId);
  if (!access || !dashboardPolicy.read(actor, access)) throw notFound('Dashboard');
}
