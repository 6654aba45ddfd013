import { Client } from 'pg';
import { postgresConfigSchema, postgresSecretSchema } from '../../../domain/connection-schemas';
import { env } from '../../../lib/env';
import { SourceError } from '../../../lib/errors';
import { resolveAllowedAddress } from '../network/address';
import type { OpenConnection } from '../source';
import { readableError } from './errors';
import { POSTGRES_LIMITS, type PostgresLimits } from './limits';
import { isSameCluster, readClusterIdentity, type ClusterIdentity } from './own-cluster';
import { PostgresStream } from './stream';

export interface PostgresOptions {
  /** The platform's own server, asked anew each time: its start time changes when it is restarted. */
  ownCluster: () => Promise<ClusterIdentity>;
  /** ALLOW_PRIVATE_HOSTS, unless given. */
  allowPrivateHosts?: string[];
  limits?: Partial<PostgresLimits>;
  /** Certificate authority (PEM) to trust instead of the public ones. */
  ca?: string;
}

export interface PostgresSession {
  client: Client;
  limits: PostgresLimits;
  /** Cuts the connection at once; for a result of which no more is wanted. */
  cut(): void;
}

const ownDatabase = () =>
  new SourceError('own_database', "A source can't read the platform's own database server.", {
    failure: 'pause',
  });

/**
 * Applied inside the transaction, so that they hold behind a pooler, too. standard_conforming_strings decides
 * where a string ends: off, the server would read another query than the one that was checked.
 * client_connection_check_interval (PostgreSQL 14, Linux): the server cancels the query of a client that left.
 */
function settings(limits: PostgresLimits): string {
  const values = {
    statement_timeout: String(limits.statementMs),
    lock_timeout: String(limits.lockMs),
    idle_in_transaction_session_timeout: String(limits.idleMs),
    client_connection_check_interval: String(limits.presenceMs),
    standard_conforming_strings: 'on',
    client_encoding: 'UTF8',
    DateStyle: 'ISO',
    IntervalStyle: 'iso_8601',
    bytea_output: 'hex',
    extra_float_digits: '1',
  };
  const rows = Object.entries(values).map(([name, value]) => `('${name}', '${value}')`);
  return `SELECT pg_catalog.set_config(s.name, v.value, true)
    FROM (VALUES ${rows.join(', ')}) AS v(name, value)
    JOIN pg_catalog.pg_settings AS s ON s.name = v.name
    WHERE s.name <> 'client_connection_check_interval' OR pg_catalog.version() LIKE '%linux%'`;
}

/**
 * A client without anything from this process's environment: the library would send PGPASSWORD, PGOPTIONS or
 * the contents of ~/.pgpass to a server that a user named. A function for the password shuts out both.
 */
function createClient(stream: PostgresStream, config: { user: string; database: string }, password: string) {
  const client = new Client({
    host: 'localhost',
    port: 1,
    user: config.user,
    database: config.database,
    password: () => {
      if (password === '') throw noPassword();
      return password;
    },
    ssl: false,
    sslnegotiation: 'postgres',
    application_name: 'liveboard',
    stream: () => stream,
  });
  const internals = client as unknown as { connectionParameters: { options?: string; replication?: string } };
  delete internals.connectionParameters.options;
  delete internals.connectionParameters.replication;
  // Errors also reject whatever is under way; without a listener the second notice would end the process.
  client.on('error', () => undefined);
  return client;
}

async function startTransaction(client: Client, own: ClusterIdentity, limits: PostgresLimits): Promise<void> {
  const identity = await readClusterIdentity((text) => client.query(text));
  if (isSameCluster(own, identity)) throw ownDatabase();
  await client.query('BEGIN TRANSACTION READ ONLY');
  await client.query(settings(limits));
}

async function openStream(connection: OpenConnection, options: PostgresOptions, signal: AbortSignal) {
  const config = postgresConfigSchema.parse(connection.config);
  const { host, port } = config;
  const allowPrivateHosts = options.allowPrivateHosts ?? env().ALLOW_PRIVATE_HOSTS;
  const limits = { ...POSTGRES_LIMITS, ...options.limits };
  const [{ address }, own] = await Promise.all([
    resolveAllowedAddress(host, port, { allowPrivateHosts, signal }),
    options.ownCluster(),
  ]);
  // Before a password could be tried on it; the identity check that follows the log-in knows every way there.
  if (address === own.address && port === own.port) throw ownDatabase();
  const tls = config.ssl ? { host, ...(options.ca === undefined ? {} : { ca: options.ca }) } : undefined;
  return { config, limits, own, stream: new PostgresStream({ address, port, tls }, limits) };
}

/** Says goodbye where that is possible, and in every case cuts the connection. */
async function leave(client: Client, stream: PostgresStream, goodbyeMs: number): Promise<void> {
  const timer = setTimeout(() => stream.destroy(), goodbyeMs);
  await client.end().catch(() => undefined);
  clearTimeout(timer);
  stream.destroy();
}

/**
 * Runs `work` on a fresh connection to the server a user named, inside a read-only transaction that is never
 * committed; afterwards the connection is gone, whatever happened. On an abort or when the time is up it is
 * cut at once: the server notices within a second (client_connection_check_interval), at the latest its
 * statement_timeout ends the query.
 * @throws SourceError for everything that goes wrong
 */
export async function withPostgres<T>(
  connection: OpenConnection,
  signal: AbortSignal,
  options: PostgresOptions,
  work: (session: PostgresSession) => Promise<T>,
): Promise<T> {
  let stream: PostgresStream | undefined;
  let timer: NodeJS.Timeout | undefined;
  const onAbort = () =>
    stream?.destroy(new SourceError('stopped', 'The refresh was stopped before the database had answered.'));
  try {
    const opened = await openStream(connection, options, signal);
    const { limits, own, config } = opened;
    stream = opened.stream;
    signal.throwIfAborted();
    signal.addEventListener('abort', onAbort, { once: true });
    const limit = (ms: number, error: SourceError) => {
      clearTimeout(timer);
      timer = setTimeout(() => stream?.destroy(error), ms);
    };
    const { password } = postgresSecretSchema.parse(connection.secret);
    const client = createClient(stream, config, password);
    try {
      limit(limits.connectMs, connectTimeout(limits.connectMs));
      await client.connect();
      limit(limits.totalMs, tooLate(limits.totalMs));
      await startTransaction(client, own, limits);
      return await work({ client, limits, cut: () => stream?.destroy() });
    } finally {
      await leave(client, stream, limits.goodbyeMs);
    }
  } catch (error) {
    throw readableError(error, signal);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}

const noPassword = () =>
  new SourceError('login_refused', 'The database asks for a password; the connection has none.', {
    failure: 'pause',
  });
const connectTimeout = (ms: number) =>
  new SourceError('connect_timeout', `The database server did not answer within ${ms / 1000} s.`);
const tooLate = (ms: number) =>
  new SourceError('timeout', `The database's answer was not complete within ${ms / 1000} s.`);
