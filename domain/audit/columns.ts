import { isDeepStrictEqual } from 'node:util';
import { SUBJECTS, type SubjectKind } from './subjects';

export type Columns = object;

/** Longest text of one column in an event, characters: enough to see what changed, too little to store a novel. */
const MAX_TEXT = 500;

/**
 * Before and after as an event tells them: allowed columns only (see SUBJECTS), and where there are both, those that
 * differ. As JSON text, for jsonb columns.
 */
export function changedColumns(
  kind: SubjectKind,
  before: Columns | undefined,
  after: Columns | undefined,
): { before: string | null; after: string | null } {
  const [old, made] = [allowedOf(kind, before), allowedOf(kind, after)];
  if (old && made) {
    for (const column of SUBJECTS[kind]) {
      if (!(column in made) || !isDeepStrictEqual(old[column], made[column])) continue;
      delete old[column];
      delete made[column];
    }
  }
  return { before: old ? JSON.stringify(old) : null, after: made ? JSON.stringify(made) : null };
}

function allowedOf(kind: SubjectKind, row: Columns | undefined): Record<string, unknown> | undefined {
  if (!row) return undefined;
  const columns = row as Record<string, unknown>;
  return Object.fromEntries(
    SUBJECTS[kind]
      .filter((column) => columns[column] !== undefined)
      .map((column) => [column, clipped(columns[column])]),
  );
}

/** Dates as JSON writes them, so that a row and what was presented of it compare. */
function clipped(value: unknown): unknown {
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'string' && value.length > MAX_TEXT)
    return `${value.slice(0, MAX_TEXT).toWellFormed()}…`;
  return value;
}
