import { hasRole, type Actor } from '../roles';

export interface DashboardAccess {
  businessId: string;
  ownerId: string;
  shared: boolean;
}

const isVisible = (actor: Actor, dashboard: DashboardAccess) =>
  dashboard.businessId === actor.businessId && (dashboard.shared || dashboard.ownerId === actor.userId);

/** Members have dashboards of their own; managers also change shared ones (product.md, roles). */
const mayChange = (actor: Actor, dashboard: DashboardAccess) =>
  isVisible(actor, dashboard) &&
  (dashboard.ownerId === actor.userId ? hasRole(actor.role, 'member') : hasRole(actor.role, 'manager'));

export const dashboardPolicy = {
  list: () => true,
  read: isVisible,
  create: (actor: Actor) => hasRole(actor.role, 'member'),
  share: (actor: Actor) => hasRole(actor.role, 'manager'),
  update: mayChange,
  delete: mayChange,
};
