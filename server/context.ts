import type { Parts } from '../compose/parts';
import { createRequestRefresh, type RequestRefresh } from '../domain/refresh/request';
import {
  createFindWidgetData,
  createFindWidgetHead,
  type FindWidgetData,
  type FindWidgetHead,
} from '../domain/widgets/read';
import { createKeyAuthenticator, type KeyAuthenticator } from '../domain/api-keys/authenticate';
import { createAuthenticator, type Authenticator } from '../domain/accounts/authenticate';
import { createChatLimit, type ChatLimit } from './chat/limit';
import { createRateLimits, type RateLimits, type RateLimitTable } from './http/rate-limits';

/** What the routes and sockets of one server process share. */
export interface ServerContext extends Parts {
  authenticator: Authenticator;
  apiKeys: KeyAuthenticator;
  findWidgetHead: FindWidgetHead;
  findWidgetData: FindWidgetData;
  requestRefresh: RequestRefresh;
  chatLimit: ChatLimit;
  rateLimits: RateLimits;
}

/** What whoever composes a server may set. */
export interface ServerOptions {
  /** Instead of RATE_LIMITS. */
  rateLimits?: RateLimitTable;
}

export const createServerContext = (parts: Parts, options: ServerOptions = {}): ServerContext => ({
  ...parts,
  authenticator: createAuthenticator(parts.db, { secrets: parts.env.JWT_SECRET }),
  apiKeys: createKeyAuthenticator(parts),
  findWidgetHead: createFindWidgetHead(parts.db),
  findWidgetData: createFindWidgetData(parts.db),
  requestRefresh: createRequestRefresh(parts.db),
  chatLimit: createChatLimit(parts),
  rateLimits: createRateLimits(parts, options.rateLimits),
});
