/** SQLSTATE of a reference to a row that is not there, or of the removal of one that is referred to. */
export const FOREIGN_KEY_VIOLATION = '23503';

/** What Postgres says about a failure, where it was Postgres. */
export interface DatabaseError {
  /** SQLSTATE, or the socket's own code. */
  code?: string;
  constraint?: string;
  message?: string;
}

/** The driver's error: Objection wraps it into one of its own, without the code. */
export function databaseErrorOf(error: unknown): DatabaseError {
  if (typeof error !== 'object' || error === null) return {};
  return 'nativeError' in error && error.nativeError ? databaseErrorOf(error.nativeError) : error;
}
