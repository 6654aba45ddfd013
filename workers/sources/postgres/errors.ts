import { DatabaseError } from 'pg';
import { SourceError, type SourceFailure } from '../../../lib/errors';
import { errorCode } from '../error-code';
import { WireError } from './frames';

/** Longest part of the server's own message that is shown, characters. */
const MAX_MESSAGE_CHARACTERS = 300;

interface Readable {
  code: string;
  message: string;
  failure?: SourceFailure;
}

/** SQLSTATE codes (PostgreSQL manual, appendix A) that deserve words of ours. */
const BY_SQLSTATE: ReadonlyMap<string, Readable> = new Map([
  ['28P01', wrongPassword()],
  ['28000', wrongPassword()],
  ['3D000', { code: 'database_missing', message: 'The database does not exist on that server.' }],
  ['57014', { code: 'query_timeout', message: 'The query took too long and was cancelled.' }],
  ['55P03', { code: 'lock_timeout', message: 'A table was locked by somebody else for too long.' }],
  [
    '25006',
    { code: 'query_writes', message: 'The query tried to write; a source only reads.', failure: 'pause' },
  ],
  ['53300', { code: 'database_busy', message: 'The database server has no free connection.' }],
  ['57P03', { code: 'database_starting', message: 'The database server is starting up.' }],
  ['57P01', { code: 'database_stopping', message: 'The database server is shutting down.' }],
]);

function wrongPassword(): Readable {
  return {
    code: 'login_refused',
    message: 'The database refused the user name or password.',
    failure: 'pause',
  };
}

/** Classes whose messages quote values: `invalid input syntax for type integer: "..."`. */
const QUOTES_VALUES = new Set(['22', '23', 'P0']);
/** 42: the query names something that is missing or not permitted; only a person can mend that. */
const WRONG_QUERY = '42';

function shorten(message: string, sqlState: string): string {
  const [line = ''] = message.split('\n');
  const words = QUOTES_VALUES.has(sqlState.slice(0, 2)) ? line.replace(/[:(]?\s*".*$/s, '') : line;
  return words.replace(/\p{Cc}/gu, ' ').slice(0, MAX_MESSAGE_CHARACTERS);
}

function fromServer(error: DatabaseError): Readable {
  const sqlState = error.code ?? '';
  const known = BY_SQLSTATE.get(sqlState);
  if (known) return known;
  const message = `The database answered: ${shorten(error.message ?? '', sqlState)}.`;
  if (sqlState.startsWith(WRONG_QUERY)) return { code: 'query_failed', message, failure: 'pause' };
  return { code: 'query_failed', message };
}

const UNREACHABLE = new Set(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT', 'EADDRNOTAVAIL']);

/** Names of OpenSSL's verification results and of Node's own check of the host name. */
const BAD_CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO_|ERR_TLS_/;

const WIRE: Record<WireError['reason'], Readable> = {
  protocol: { code: 'not_postgres', message: 'What answers at that address is not a PostgreSQL server.' },
  too_large: { code: 'result_too_large', message: 'A row of the result is too large.' },
  no_tls: {
    code: 'tls_not_offered',
    message: 'The database server does not offer TLS (ssl is on for this connection).',
    failure: 'pause',
  },
};

function fromSystem(code: string): Readable {
  if (UNREACHABLE.has(code)) {
    return { code: 'host_unreachable', message: "The database server can't be reached." };
  }
  if (BAD_CERTIFICATE.test(code)) {
    return {
      code: 'certificate_refused',
      message: "The database server's certificate could not be verified.",
    };
  }
  return { code: 'connection_lost', message: 'The connection to the database was lost.' };
}

function read(error: unknown): Readable {
  if (error instanceof DatabaseError) return fromServer(error);
  if (error instanceof WireError) return WIRE[error.reason];
  return fromSystem(errorCode(error));
}

/** Whatever ended a session, as what the widget's owner is told. The server's hints and details are left out. */
export function readableError(error: unknown, signal: AbortSignal): SourceError {
  if (error instanceof SourceError) return error;
  if (signal.aborted) {
    return new SourceError('stopped', 'The refresh was stopped before the database had answered.', {
      cause: error,
    });
  }
  const { code, message, failure } = read(error);
  return new SourceError(code, message, { cause: error, ...(failure ? { failure } : {}) });
}
