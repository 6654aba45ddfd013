import type { Database } from '../../db/database';
import { unauthorized } from '../../lib/errors';
import type { LoggedIn } from '../roles';
import { checkSessions, type SessionState } from './sessions';
import { verifyAccessToken, type AccessClaims } from './tokens';

/** How long a session's answer is believed, ms. Product promise 7 allows 5 s for a revocation to take hold. */
const SESSION_CACHE_MS = 4_000;
/** Past this many entries the stale ones are dropped. */
const SESSION_CACHE_ENTRIES = 10_000;

export interface Authenticated {
  actor: LoggedIn;
  expiresAt: Date;
}

export interface Authenticator {
  /** @throws HttpError 401 */
  authenticate(token: string): Promise<Authenticated>;
  /** For claims whose signature was checked already. @throws HttpError 401 */
  authorizeClaims(claims: AccessClaims): Promise<Authenticated>;
  /** Forgets what was cached of a session: here its end takes hold at once. */
  forget(sessionId: string): void;
}

interface Cached {
  at: number;
  state: Promise<SessionState | undefined>;
}

/** @param secrets JWT secrets, newest first */
export function createAuthenticator(
  db: Database,
  { secrets }: { secrets: readonly string[] },
): Authenticator {
  const cache = new Map<string, Cached>();

  function sessionState(sessionId: string): Promise<SessionState | undefined> {
    const now = Date.now();
    const cached = cache.get(sessionId);
    if (cached && now - cached.at < SESSION_CACHE_MS) return cached.state;
    if (cache.size > SESSION_CACHE_ENTRIES) {
      for (const [id, entry] of cache) if (now - entry.at >= SESSION_CACHE_MS) cache.delete(id);
    }
    const state = checkSessions(db, [sessionId]).then((found) => found.get(sessionId));
    // A failed look-up says nothing about the session: the next request asks again.
    state.catch(() => cache.delete(sessionId));
    cache.set(sessionId, { at: now, state });
    return state;
  }

  async function authorizeClaims(claims: AccessClaims): Promise<Authenticated> {
    const { sessionId } = claims;
    let state = await sessionState(sessionId);
    if (state && state.businessId !== claims.businessId) {
      // What is remembered may be from before the login went to this business, at another process.
      cache.delete(sessionId);
      state = await sessionState(sessionId);
    }
    if (!state || state.userId !== claims.userId) {
      throw unauthorized('This session has ended. Log in again.', 'session_ended');
    }
    if (state.businessId !== claims.businessId) {
      throw unauthorized(
        'This login acts in another business now. Refresh its tokens to go on there.',
        'business_switched',
      );
    }
    return {
      actor: { ...state, sessionId, apiKey: null },
      expiresAt: claims.expiresAt,
    };
  }

  return {
    authorizeClaims,
    async authenticate(token) {
      const claims = verifyAccessToken(token, secrets);
      if (!claims) throw unauthorized('The access token is missing, wrong or has run out.', 'invalid_token');
      return authorizeClaims(claims);
    },
    forget: (sessionId) => void cache.delete(sessionId),
  };
}
