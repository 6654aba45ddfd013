import { errorCode } from '../error-code';

/** Who a PostgreSQL server is, as far as any role may ask it. */
export interface ClusterIdentity {
  /** Given at initdb and kept by physical copies: replicas, base backups. undefined where not readable. */
  systemIdentifier: string | undefined;
  /** Start of the server's process, seconds since 1970 with microseconds: no two servers share it. */
  startedAt: string;
  /** Where the server took this connection; null over a Unix socket. */
  address: string | null;
  port: number | null;
}

/** Runs one statement without parameters; knex.raw and a pg Client both fit. */
export type RunQuery = (text: string) => Promise<{ rows: unknown[] }>;

// Qualified names: a role's search_path may hold functions of these names that say something else.
const WHEN_AND_WHERE = `extract(epoch from pg_catalog.pg_postmaster_start_time())::pg_catalog.text AS started_at,
  pg_catalog.host(pg_catalog.inet_server_addr()) AS address, pg_catalog.inet_server_port() AS port`;
const WITH_IDENTIFIER = `SELECT ${WHEN_AND_WHERE},
  (SELECT system_identifier::pg_catalog.text FROM pg_catalog.pg_control_system()) AS system_identifier`;
const WITHOUT_IDENTIFIER = `SELECT ${WHEN_AND_WHERE}, NULL AS system_identifier`;

/** insufficient_privilege, undefined_function: someone took pg_control_system away, or it never had it. */
const NOT_READABLE = new Set(['42501', '42883']);

const textOrNull = (value: unknown): string | null => (typeof value === 'string' ? value : null);

/**
 * Asks a server who it is; outside of a transaction.
 * @throws what `run` throws, and Error where the server has no start time to tell (not PostgreSQL)
 */
export async function readClusterIdentity(run: RunQuery): Promise<ClusterIdentity> {
  const { rows } = await run(WITH_IDENTIFIER).catch((error: unknown) => {
    if (NOT_READABLE.has(errorCode(error))) return run(WITHOUT_IDENTIFIER);
    throw error;
  });
  const row = (rows[0] ?? {}) as Record<string, unknown>;
  const startedAt = textOrNull(row.started_at);
  if (startedAt === null) throw new Error('The server does not tell when it was started.');
  return {
    systemIdentifier: textOrNull(row.system_identifier) ?? undefined,
    startedAt,
    address: textOrNull(row.address),
    port: typeof row.port === 'number' ? row.port : null,
  };
}

/**
 * Are these the same server, or physical copies of each other? Tenants' data of everyone is in both. Whoever
 * answers for our own server answers truthfully; one that lies to look like another is not ours.
 */
export function isSameCluster(one: ClusterIdentity, other: ClusterIdentity): boolean {
  if (one.startedAt === other.startedAt) return true;
  return one.systemIdentifier !== undefined && one.systemIdentifier === other.systemIdentifier;
}
