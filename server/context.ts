import type { Parts } from '../compose/parts';
import { createAuthenticator, type Authenticator } from '../domain/accounts/authenticate';

/** What the routes and sockets of one server process share. */
export interface ServerContext extends Parts {
  authenticator: Authenticator;
}

export const createServerContext = (parts: Parts): ServerContext => ({
  ...parts,
  authenticator: createAuthenticator(parts.db, { secrets: parts.env.JWT_SECRET }),
});
