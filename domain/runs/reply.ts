import type { Database } from '../../db/database';
import { tenantStatement, type Statement } from '../../db/scope';
import { createBatcher } from '../../lib/batcher';
import type { ClaimedRun } from './types';

/** Between the texts of two turns in one reply. */
export const TURN_SEPARATOR = '\n\n';

/** A reply's text from its turns' texts; turns that only called tools leave nothing. A claim joins them alike. */
export const joinTurns = (contents: readonly string[]): string =>
  contents.filter((content) => content !== '').join(TURN_SEPARATOR);

const SAVE: Statement = {
  name: 'run-reply',
  // The lock on the run makes a claim come before this write, which is then refused, or after it. All who lock
  // several runs do it in their order. The ids stand there twice for the plan: by the join alone it read all runs of
  // the business as long as the table had no statistics.
  text: `
    with held as materialized (
      select r.id, r.reply_id, given.content
        from unnest($1::uuid[], $2::int[], $3::text[]) as given (id, epoch, content)
        join runs r on r.id = given.id and r.epoch = given.epoch and r.status = 'running'
       where r.id = any($1::uuid[])
       order by r.id for share of r
    )
    update messages m set content = held.content, status = 'streaming', updated_at = now()
      from held where m.id = held.reply_id returning held.id`,
};

/**
 * Writes the reply so far, every REPLY_SAVE_MS at most, for whoever comes late.
 * @returns false where another worker has the run
 */
export type SaveReply = (run: ClaimedRun, content: string) => Promise<boolean>;

/**
 * The replies of one business that are saved at one moment share a statement and a commit: alone, 200 streams' saves
 * and heartbeats took half a core of Postgres.
 */
export function createSaveReply(db: Database): SaveReply {
  const save = createBatcher<{ run: ClaimedRun; content: string }, boolean>({
    idOf: ({ run }) => run.id,
    async run(businessId, replies) {
      const values = [
        replies.map(({ run }) => run.id),
        replies.map(({ run }) => run.epoch),
        replies.map(({ content }) => content),
      ];
      // What a crash of Postgres forgets, the next write or the end brings.
      const rows = await tenantStatement<{ id: string }>(db, businessId, SAVE, values, { durable: false });
      const saved = new Set(rows.map(({ id }) => id));
      return replies.map(({ run }) => saved.has(run.id));
    },
  });
  return (run, content) => save(run.businessId, { run, content });
}
