import { hasRole, type Actor } from '../roles';

interface AgentAccess {
  businessId: string;
}

const isOurs = (actor: Actor, agent: AgentAccess) => agent.businessId === actor.businessId;

/** product.md, roles: everyone sees who there is to ask, managers make and change agents. */
export const agentPolicy = {
  list: () => true,
  read: isOurs,
  create: (actor: Actor) => hasRole(actor.role, 'manager'),
  update: (actor: Actor, agent: AgentAccess) => isOurs(actor, agent) && hasRole(actor.role, 'manager'),
  delete: (actor: Actor, agent: AgentAccess) => isOurs(actor, agent) && hasRole(actor.role, 'manager'),
};
