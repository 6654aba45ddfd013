import { hasRole, type Actor } from '../roles';

const isAdmin = (actor: Actor) => hasRole(actor.role, 'admin');

/**
 * product.md, roles: everyone sees who belongs to the business and may leave it; members, invitations, settings, keys
 * and the audit log are the admins'.
 */
export const memberPolicy = {
  list: () => true,
  update: isAdmin,
  /** An admin anyone, everyone themselves. */
  remove: (actor: Actor, userId: string) => isAdmin(actor) || actor.userId === userId,
};

export const businessPolicy = { read: () => true, create: () => true, update: isAdmin };

export const invitationPolicy = { list: isAdmin, create: isAdmin, delete: isAdmin };

export const apiKeyPolicy = { list: isAdmin, create: isAdmin, delete: isAdmin };

export const auditPolicy = { read: isAdmin };
