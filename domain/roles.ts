/** Roles in a business, each containing the one before (product.md). */
export const ROLES = ['viewer', 'member', 'manager', 'admin'] as const;
export type Role = (typeof ROLES)[number];

export const hasRole = (held: Role, needed: Role): boolean => ROLES.indexOf(held) >= ROLES.indexOf(needed);

/** Who asks: from the access token, checked against the session and the membership. */
export interface Actor {
  userId: string;
  businessId: string;
  sessionId: string;
  role: Role;
  operator: boolean;
}
