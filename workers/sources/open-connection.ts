import { SourceError } from '../../lib/errors';
import { unseal } from '../../lib/secrets';
import type { OpenConnection } from './source';

/**
 * Opens a stored connection's secret for one use.
 * @param keys ENCRYPTION_KEYS, newest first
 * @throws SourceError where no key opens it
 */
export function openConnection(
  stored: { id: string; kind: 'postgres' | 'http'; config: Record<string, unknown>; secret: string | null },
  keys: readonly string[],
): OpenConnection {
  let secret: Record<string, unknown> = {};
  if (stored.secret) {
    try {
      secret = JSON.parse(unseal(stored.secret, keys, `connection:${stored.id}`)) as Record<string, unknown>;
    } catch (cause) {
      throw new SourceError(
        'secret_unreadable',
        'The connection’s secret can’t be read any more. Enter it again.',
        {
          failure: 'pause',
          cause,
        },
      );
    }
  }
  return { id: stored.id, kind: stored.kind, config: stored.config, secret };
}
