import type { Actor } from '../../domain/roles';

/**
 * Whose view is asked for, and since when. The statements are ordered by xid, so that they read the xid indexes:
 * planned for an unknown cursor, Postgres would expect a third of the table and read it all.
 */
export interface Since {
  actor: Actor;
  /** Rows written by this transaction or a later one, as decimal text. */
  xmin: string;
  /** Most rows of a kind: one more than an answer may hold, so that too many show. */
  limit: number;
}
