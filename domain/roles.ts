import { forbidden } from '../lib/errors';
import type { ApiScope } from './api-keys/scopes';

/** Roles in a business, each containing the one before (product.md). */
export const ROLES = ['viewer', 'member', 'manager', 'admin'] as const;
export type Role = (typeof ROLES)[number];

export const hasRole = (held: Role, needed: Role): boolean => ROLES.indexOf(held) >= ROLES.indexOf(needed);

/** Who asks: from the access token or the API key, checked against the session or the key and the membership. */
export interface Actor {
  userId: string;
  businessId: string;
  /** null for an API key, and for what the platform does for a person (an agent's run). */
  sessionId: string | null;
  role: Role;
  operator: boolean;
  emailVerified: boolean;
  /** The key that acts for the person; null where they act themselves. */
  apiKey: { id: string; scopes: readonly ApiScope[] } | null;
}

/** A person who logged in. */
export type LoggedIn = Actor & { sessionId: string; apiKey: null };

/** The actor's login. @throws HttpError 403 for an API key: it has none */
export function sessionOf({ sessionId }: Actor): string {
  if (sessionId === null) throw forbidden('An API key has no session. Log in to do this.', 'no_session');
  return sessionId;
}
