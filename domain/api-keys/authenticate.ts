import type { Database } from '../../db/database';
import { systemStatement, type Statement } from '../../db/scope';
import { unauthorized } from '../../lib/errors';
import type { Logger } from '../../lib/logger';
import type { Actor, Role } from '../roles';
import { isSameHash, readKey } from './key';
import type { ApiScope } from './scopes';

/** How long a key's row is believed, ms: as long as a session's (promise 7 allows 5 s for a deletion to take hold). */
const KEY_CACHE_MS = 4_000;
/** Past this many entries all are forgotten: whoever tries keys that don't exist must not fill our memory. */
const KEY_CACHE_ENTRIES = 10_000;
/** How exact lastUsedAt is, ms: a key in use costs one write in this time and process. */
const LAST_USED_MS = 60_000;

const FIND: Statement = {
  name: 'api-keys-find',
  text: `select k.id, k.secret_hash as "secretHash", k.scopes, k.expires_at as "expiresAt",
                k.last_used_at as "lastUsedAt", k.user_id as "userId", k.business_id as "businessId", m.role,
                u.email_verified_at is not null as "emailVerified"
           from api_keys k join memberships m on m.business_id = k.business_id and m.user_id = k.user_id
           join users u on u.id = k.user_id
          where k.prefix = $1`,
};
const USED: Statement = {
  name: 'api-keys-used',
  text: `update api_keys set last_used_at = now()
          where id = $1 and (last_used_at is null or last_used_at < now() - $2 * interval '1 ms')`,
};

interface KeyRow {
  id: string;
  secretHash: string;
  scopes: ApiScope[];
  expiresAt: Date | null;
  lastUsedAt: Date | null;
  userId: string;
  businessId: string;
  role: Role;
  emailVerified: boolean;
}

export interface KeyAuthenticator {
  /**
   * The person who made the key, with the role they have now and the key's scopes.
   * @throws HttpError 401 for a key that is none, was deleted or has run out
   */
  authenticate(text: string): Promise<Actor>;
  /** Forgets what was cached: here a deletion takes hold at once. */
  forget(prefix: string): void;
}

/** Across tenants: only the key's row says which business it belongs to. */
export function createKeyAuthenticator({ db, logger }: { db: Database; logger: Logger }): KeyAuthenticator {
  const cache = new Map<string, { at: number; row: Promise<KeyRow | undefined> }>();

  function find(prefix: string): Promise<KeyRow | undefined> {
    const now = Date.now();
    const cached = cache.get(prefix);
    if (cached && now - cached.at < KEY_CACHE_MS) return cached.row;
    if (cache.size >= KEY_CACHE_ENTRIES) cache.clear();
    const row = systemStatement<KeyRow & object>(db, FIND, [prefix]).then(([found]) => found);
    // A failed look-up says nothing about the key: the next request asks again.
    row.catch(() => cache.delete(prefix));
    cache.set(prefix, { at: now, row });
    return row;
  }

  /** Not waited for: what was asked with the key is worth more than the note that it was. */
  function noteUse(row: KeyRow): void {
    const now = Date.now();
    if (row.lastUsedAt && now - row.lastUsedAt.getTime() < LAST_USED_MS) return;
    row.lastUsedAt = new Date(now);
    systemStatement(db, USED, [row.id, LAST_USED_MS], { durable: false }).catch((error: unknown) =>
      logger.warn({ err: error, apiKeyId: row.id }, 'the use of an API key was not noted'),
    );
  }

  return {
    async authenticate(text) {
      const given = readKey(text);
      const row = given && (await find(given.prefix));
      if (!given || !row || !isSameHash(row.secretHash, given.secretHash)) {
        throw unauthorized('This API key does not exist (any more).', 'invalid_api_key');
      }
      if (row.expiresAt && row.expiresAt.getTime() <= Date.now()) {
        throw unauthorized('This API key has run out. Make a new one.', 'invalid_api_key');
      }
      noteUse(row);
      return {
        userId: row.userId,
        businessId: row.businessId,
        sessionId: null,
        role: row.role,
        operator: false,
        emailVerified: row.emailVerified,
        apiKey: { id: row.id, scopes: row.scopes },
      };
    },
    forget: (prefix) => void cache.delete(prefix),
  };
}
