import { Client } from 'pg';
import { StartupError } from '../lib/errors';

/** How long the server may take to let us in, ms. A person waits in front of the terminal. */
const CONNECT_LIMIT_MS = 5_000;

/** What the codes of Node and PostgreSQL (its manual's appendix A) mean to the operator. */
const REASONS: Record<string, string> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'the host name is unknown',
  EAI_AGAIN: 'the host name could not be looked up',
  ETIMEDOUT: 'there is no answer',
  EHOSTUNREACH: 'the host is unreachable',
  ENETUNREACH: 'the host is unreachable',
  ECONNRESET: 'the connection was cut',
  '28P01': 'the password is wrong',
  '28000': 'the user may not log in there',
  '3D000': 'the database does not exist',
  '53300': 'the server has no connection left',
  '57P03': 'the server is starting up or shutting down',
};

/**
 * Logs in once.
 * @throws StartupError with one line: the reason, host, port and database, never the password
 */
export async function assertDatabaseReachable(url: string): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: CONNECT_LIMIT_MS });
  // A connection that breaks while it is closed is of no interest.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('SELECT 1');
    await client.end();
  } catch (error) {
    const where = `host ${client.host}, port ${client.port}, database ${client.database}`;
    // Not awaited: it may take as long as whoever is there keeps the connection open.
    client.end().catch(() => undefined);
    throw new StartupError(`DATABASE_URL does not work: ${reasonOf(error)} (${where}).`);
  }
}

function reasonOf(error: unknown): string {
  const { code = '', message } = error as NodeJS.ErrnoException;
  const known = REASONS[code];
  if (known) return known;
  // pg's own words for its time limit; it gives no code.
  if (/timeout/i.test(message)) return `no answer within ${CONNECT_LIMIT_MS / 1000} s`;
  return code ? `error ${code}` : 'the server speaks no PostgreSQL that we understand';
}
