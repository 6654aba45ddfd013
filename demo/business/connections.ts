import type { Knex } from 'knex';
import type { Database } from '../../db/database';
import { Connection } from '../../db/models/Connection';
import { withTenantModels } from '../../db/scope';
import { seal, unseal } from '../../lib/secrets';
import type { SalesDatabase } from '../store/cluster';
import { BUSINESS_ID, HEALTH_CONNECTION_ID, SALES_CONNECTION_ID } from './ids';

/** Where the demo's sources are. Both move from start to start: ports are chosen anew. */
export interface Places {
  /** undefined: the demo goes without the shop's widgets. */
  sales: SalesDatabase | undefined;
  /** Of this platform, as its own workers reach it. */
  baseUrl: string;
  /** METRICS_TOKEN: where it is set, the health report's figures are for its holders only. */
  metricsToken: string | undefined;
}

const SEAL_CONTEXT = (id: string) => `connection:${id}`;

const healthSecret = ({ metricsToken }: Places) => ({
  headers: metricsToken ? { authorization: `Bearer ${metricsToken}` } : {},
});

const salesConfig = ({ host, port, database, user }: SalesDatabase) => ({
  host,
  port,
  database,
  user,
  ssl: false,
});

const rowOf = (
  id: string,
  name: string,
  kind: 'postgres' | 'http',
  config: object,
  secret: object,
  keys: readonly string[],
) => ({
  id,
  businessId: BUSINESS_ID,
  name,
  kind,
  config: { ...config },
  secret: seal(JSON.stringify(secret), keys, SEAL_CONTEXT(id)),
});

export async function createConnections(
  trx: Knex.Transaction,
  places: Places,
  keys: readonly string[],
  createdBy: string,
): Promise<void> {
  const { sales, baseUrl } = places;
  const rows = [
    rowOf(HEALTH_CONNECTION_ID, 'This platform', 'http', { baseUrl }, healthSecret(places), keys),
  ];
  if (sales) {
    const { password } = sales;
    rows.push(
      rowOf(
        SALES_CONNECTION_ID,
        'Demo Store sales (simulated)',
        'postgres',
        salesConfig(sales),
        { password },
        keys,
      ),
    );
  }
  await Connection.query(trx).insert(rows.map((row) => ({ ...row, createdBy })));
}

/** Points the connections to where their other ends are now. Changes nothing where they are there already. */
export async function moveConnections(db: Database, places: Places, keys: readonly string[]): Promise<void> {
  const { sales, baseUrl } = places;
  await withTenantModels(db, BUSINESS_ID, async (trx) => {
    await patchIfDifferent(trx, HEALTH_CONNECTION_ID, { baseUrl }, healthSecret(places), keys);
    if (!sales) return;
    const { password } = sales;
    await patchIfDifferent(trx, SALES_CONNECTION_ID, salesConfig(sales), { password }, keys);
  });
}

async function patchIfDifferent(
  trx: Knex.Transaction,
  id: string,
  config: Record<string, unknown>,
  secret: Record<string, unknown>,
  keys: readonly string[],
): Promise<void> {
  const stored = await Connection.query(trx).findById(id);
  if (!stored || !isOurs(stored.config, config)) return;
  const isSame = Object.entries(config).every(([name, value]) => stored.config[name] === value);
  if (isSame && opens(stored, secret, keys)) return;
  await Connection.query(trx)
    .patch({ config, secret: seal(JSON.stringify(secret), keys, SEAL_CONTEXT(id)) })
    .where('id', id);
}

/** Someone may have pointed the connection to a database or a server of their own: then it is theirs. */
const isOurs = (stored: Record<string, unknown>, config: Record<string, unknown>): boolean =>
  stored.database === config.database && stored.user === config.user && isLocal(stored.baseUrl);

const isLocal = (baseUrl: unknown): boolean =>
  typeof baseUrl !== 'string' || (URL.canParse(baseUrl) && new URL(baseUrl).hostname === '127.0.0.1');

function opens({ id, secret }: Connection, expected: object, keys: readonly string[]): boolean {
  try {
    return secret !== null && unseal(secret, keys, SEAL_CONTEXT(id)) === JSON.stringify(expected);
  } catch {
    // Sealed with a key that is gone.
    return false;
  }
}
