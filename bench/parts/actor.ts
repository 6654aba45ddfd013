import type { Actor } from '../../domain/roles';
import type { Tenant } from './people';

/** The tenant's first member, a manager, as a request that was let in has them. */
export function actorOf({ businessId, members: [member] }: Tenant): Actor {
  if (!member) throw new Error('The business has no member.');
  return { ...member, businessId, role: 'manager', operator: false, emailVerified: true, apiKey: null };
}
