import type { Database } from '../../db/database';
import { tenantStatement, type Statement } from '../../db/scope';
import type { ClaimedRun } from './types';

/** Between the texts of two turns in one reply. */
export const TURN_SEPARATOR = '\n\n';

/** A reply's text from its turns' texts; turns that only called tools leave nothing. A claim joins them alike. */
export const joinTurns = (contents: readonly string[]): string =>
  contents.filter((content) => content !== '').join(TURN_SEPARATOR);

const SAVE: Statement = {
  name: 'run-reply',
  // The lock on the run makes a claim come before this write, which is then refused, or after it.
  text: `
    with held as materialized (
      select reply_id from runs where id = $1 and epoch = $2 and status = 'running' for share
    )
    update messages m set content = $3, status = 'streaming', updated_at = now()
      from held where m.id = held.reply_id returning m.id`,
};

/**
 * Writes the reply so far, every REPLY_SAVE_MS at most, for whoever comes late.
 * @returns false where another worker has the run
 */
export async function saveReplyText(
  db: Database,
  { businessId, id, epoch }: ClaimedRun,
  content: string,
): Promise<boolean> {
  // What a crash of Postgres forgets, the next write or the end brings.
  const rows = await tenantStatement(db, businessId, SAVE, [id, epoch, content], { durable: false });
  return rows.length > 0;
}
