import { hasRole, type Actor } from '../roles';

interface ProviderAccess {
  businessId: string;
}

const isAdmin = (actor: Actor) => hasRole(actor.role, 'admin');
const isAdministered = (actor: Actor, provider: ProviderAccess) =>
  provider.businessId === actor.businessId && isAdmin(actor);

/** Whose key pays, and where everyone's questions go: an admin's to say. What models there are, everyone sees. */
export const providerPolicy = {
  list: isAdmin,
  create: isAdmin,
  read: isAdministered,
  update: isAdministered,
  delete: isAdministered,
};
