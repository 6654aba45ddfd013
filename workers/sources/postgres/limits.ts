import { MAX_WIDGET_DATA_BYTES } from '../../../domain/widgets/limits';

/**
 * Every limit on a query of a source. The caller's own deadline (context.signal) may be shorter; without one
 * a run ends after the look-up of the name (at most 3 s), connecting and the rest, at most `totalMs` in all.
 */
export interface PostgresLimits {
  /** TCP, TLS and log-in, ms: several round trips around the world. */
  connectMs: number;
  /** The statement, measured by the server, ms. A dashboard's query that takes longer wants a summary table. */
  statementMs: number;
  /** Waiting for another session's lock, ms: a migration over there must not pile our sessions up. */
  lockMs: number;
  /** Our transaction idle, ms: should this process freeze, the server lets go of what we hold. */
  idleMs: number;
  /** The server's look whether we are still there while it works, ms (client_connection_check_interval). */
  presenceMs: number;
  /** The whole run, ms: connecting, the statement, and the rows over a slow line. */
  totalMs: number;
  /** Saying goodbye to the server before the connection is cut, ms. */
  goodbyeMs: number;
  rows: number;
  /** The result as JSON, bytes: what a widget holds. */
  resultBytes: number;
  /** One message of the server, bytes. A longer row could not be part of a result anyway. */
  messageBytes: number;
  /** All that the server sends, bytes. JSON with much white space shrinks; nothing shrinks more than this. */
  answerBytes: number;
}

export const POSTGRES_LIMITS: PostgresLimits = {
  connectMs: 5_000,
  statementMs: 10_000,
  lockMs: 2_000,
  idleMs: 15_000,
  presenceMs: 1_000,
  totalMs: 15_000,
  goodbyeMs: 500,
  rows: 5_000,
  // What surrounds the rows ({"columns":...}) fits into the rest.
  resultBytes: MAX_WIDGET_DATA_BYTES - 65_536,
  messageBytes: 4 * 1_048_576,
  answerBytes: 16 * 1_048_576,
};
