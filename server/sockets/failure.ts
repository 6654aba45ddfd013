import { HttpError } from '../../lib/errors';
import type { Logger } from '../../lib/logger';

/**
 * What a client is told about an error. Of one that is not ours only the log holds the reason: it may name tables,
 * addresses or another tenant's ids.
 */
export function failureOf(error: unknown, logger: Logger, event: string): { code: string; message: string } {
  if (error instanceof HttpError) return { code: error.code, message: error.message };
  logger.error({ err: error, event }, 'a socket event failed');
  return { code: 'unavailable', message: 'This did not work. Try again.' };
}
