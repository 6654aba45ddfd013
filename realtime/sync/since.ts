import type { Actor } from '../../domain/roles';

/** Whose view is asked for, and since when. */
export interface Since {
  actor: Actor;
  /** Rows written by this transaction or a later one, as decimal text. */
  xmin: string;
  /** Most rows of a kind: one more than an answer may hold, so that too many show. */
  limit: number;
}
