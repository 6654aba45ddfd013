import knex, { type Knex } from 'knex';
import type { Socket } from 'node:net';
import { type Client, types as pgTypes } from 'pg';
import { StartupError } from '../lib/errors';
import { coalesceWrites } from '../lib/coalesce-writes';
import { logger } from '../lib/logger';

/** Longest wait for a connection from the pool, ms. Past it the caller hears 503 instead of hanging. */
const ACQUIRE_TIMEOUT_MS = 10_000;
/** Longest time to open a connection, ms. */
const CONNECT_TIMEOUT_MS = 5_000;
const INT8_OID = 20;

/**
 * A transaction that says nothing for this long, ms, is ended by the server: its process is frozen or cut off, and
 * while it is open it holds its locks and keeps every client's sync cursor from moving on.
 */
const IDLE_IN_TRANSACTION_MS = 15_000;

/** The role of every pooled connection: it owns no table and can't bypass row-level security. */
const APP_ROLE = 'liveboard_app';

/** The role, and the scopes that {@link ScopedQuery} names, prepared once per connection. */
const PREPARE_CONNECTION = `
  set role ${APP_ROLE};
  set timezone to 'UTC';
  set idle_in_transaction_session_timeout to ${IDLE_IN_TRANSACTION_MS};
  prepare scope_tenant (text) as select set_config('app.business_id', $1, true);
  prepare scope_tenant_async (text) as
    select set_config('app.business_id', $1, true), set_config('synchronous_commit', 'off', true);
  prepare scope_system as select set_config('role', 'liveboard_system', true);
  prepare scope_system_async as
    select set_config('role', 'liveboard_system', true), set_config('synchronous_commit', 'off', true)`;

export interface Database {
  readonly knex: Knex;
  /** Takes a raw connection for {@link withTenant} and friends; give it back with `release`. */
  acquire(): Promise<Client>;
  release(client: Client): Promise<void>;
  close(): Promise<void>;
}

/** bigint columns (versions, counters) as numbers: they stay far below 2^53. Everything else as pg does. */
const types = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    if (oid === INT8_OID && format !== 'binary') return Number;
    return pgTypes.getTypeParser(oid, format ?? 'text');
  },
};

/** Reaches into `pg` (pinned in package.json) for the socket of a connected client. */
const socketOf = (client: Client): Socket =>
  (client as unknown as { connection: { stream: Socket } }).connection.stream;

/**
 * A pool of connections that work as {@link APP_ROLE}. Opens none until the first query.
 * @param poolSize most connections at once
 */
export function openDatabase(url: string, poolSize: number): Database {
  const db = knex({
    client: 'pg',
    connection: {
      connectionString: url,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      keepAlive: true,
      application_name: 'liveboard',
      // Queries queue up on the wire: BEGIN, a statement and COMMIT cost one round trip.
      pipeline: true,
      types,
    } as Knex.PgConnectionConfig,
    // Otherwise knex prints what it has to say to the console, past the log.
    log: {
      warn: (message) => logger.warn({ source: 'knex' }, String(message)),
      error: (message) => logger.error({ source: 'knex' }, String(message)),
      deprecate: (message) => logger.debug({ source: 'knex' }, message),
      debug: (message) => logger.debug({ source: 'knex' }, message),
    },
    acquireConnectionTimeout: ACQUIRE_TIMEOUT_MS,
    pool: {
      min: 0,
      max: poolSize,
      afterCreate(client: Client, done: (error: Error | undefined, client: Client) => void) {
        coalesceWrites(socketOf(client));
        client.query(PREPARE_CONNECTION, (error) =>
          done(
            error
              ? new StartupError('The database lacks our roles: run the migrations.', { cause: error })
              : undefined,
            client,
          ),
        );
      },
    },
  });
  return {
    knex: db,
    acquire: () => db.client.acquireConnection() as Promise<Client>,
    release: (client) => db.client.releaseConnection(client) as Promise<void>,
    close: () => db.destroy(),
  };
}
