import type { Statement } from '../../db/scope';

/** A statement of upkeep and how many rows it takes at most, each time in a transaction of its own. */
export interface UpkeepStatement extends Statement {
  batch: number;
}

/** Soft-deletions per transaction: each writes a row and a tombstone, and holds its lock until the last is written. */
const DELETE_BATCH = 500;
/** Purges per transaction: each takes a conversation's messages, runs, turns and reports along. */
const PURGE_BATCH = 100;

const HAS_OPEN_RUN = `exists (
  select from runs r where r.conversation_id = c.id and r.finished_at is null)`;

/**
 * Soft-deletes conversations that nobody touched for their business's conversation_retention_days. One with an open
 * run is not untouched. A row that someone holds is in use, and left for the next time.
 */
export const DELETE_UNTOUCHED: UpkeepStatement = {
  batch: DELETE_BATCH,
  name: 'maintenance-untouched-conversations',
  text: `
    with untouched as materialized (
      select c.id from conversations c join businesses b on b.id = c.business_id
       where c.deleted_at is null and c.last_message_at < now() - b.conversation_retention_days * interval '1 day'
         and not ${HAS_OPEN_RUN}
       limit ${DELETE_BATCH} for no key update of c skip locked
    )
    update conversations c set deleted_at = now(), updated_at = now()
      from untouched where c.id = untouched.id returning 1`,
};

/**
 * Deletes conversations for good that were soft-deleted for their business's conversation_purge_days, with all that
 * is in them. The ledger stays: it names them, and refers to nothing. One whose run is still being stopped waits.
 */
export const PURGE: UpkeepStatement = {
  batch: PURGE_BATCH,
  name: 'maintenance-purge-conversations',
  text: `
    with deleted as materialized (
      select c.id from conversations c join businesses b on b.id = c.business_id
       where c.deleted_at <= now() - b.conversation_purge_days * interval '1 day' and not ${HAS_OPEN_RUN}
       limit ${PURGE_BATCH} for update of c skip locked
    )
    delete from conversations c using deleted where c.id = deleted.id returning 1`,
};
