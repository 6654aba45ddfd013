import { hasRole, type Actor } from '../roles';

export interface ConnectionAccess {
  businessId: string;
}

const isManaged = (actor: Actor, connection: ConnectionAccess) =>
  connection.businessId === actor.businessId && hasRole(actor.role, 'manager');

export const connectionPolicy = {
  list: (actor: Actor) => hasRole(actor.role, 'manager'),
  create: (actor: Actor) => hasRole(actor.role, 'manager'),
  read: isManaged,
  update: isManaged,
  delete: isManaged,
  test: isManaged,
};
