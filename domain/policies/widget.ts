import { hasRole, type Actor } from '../roles';

/** What the widget policies look at. */
export interface WidgetAccess {
  businessId: string;
  ownerId: string | null;
  scope: 'business' | 'user';
}

const isVisible = (actor: Actor, widget: WidgetAccess) =>
  widget.businessId === actor.businessId && (widget.scope === 'business' || widget.ownerId === actor.userId);

/** product.md, roles: viewers read, members refresh on demand, managers make and change widgets. */
export const widgetPolicy = {
  list: () => true,
  read: isVisible,
  refresh: (actor: Actor, widget: WidgetAccess) => isVisible(actor, widget) && hasRole(actor.role, 'member'),
  create: (actor: Actor) => hasRole(actor.role, 'manager'),
  update: (actor: Actor, widget: WidgetAccess) => isVisible(actor, widget) && hasRole(actor.role, 'manager'),
  delete: (actor: Actor, widget: WidgetAccess) => isVisible(actor, widget) && hasRole(actor.role, 'manager'),
  push: (actor: Actor, widget: WidgetAccess) => isVisible(actor, widget) && hasRole(actor.role, 'manager'),
};
