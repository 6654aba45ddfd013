import { hasRole, type Actor } from '../roles';

/** product.md, roles: usage is the managers' to see, budgets the admins' to set. */
export const usagePolicy = { read: (actor: Actor) => hasRole(actor.role, 'manager') };

export const budgetPolicy = {
  read: (actor: Actor) => hasRole(actor.role, 'manager'),
  set: (actor: Actor) => hasRole(actor.role, 'admin'),
};
