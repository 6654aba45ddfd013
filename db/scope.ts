import type { Knex } from 'knex';
import type { Client, QueryResultRow } from 'pg';
import type { Database } from './database';
import { ScopedQuery, type ScopeSettings, type Statement } from './scoped-query';

export type { Statement } from './scoped-query';

/**
 * The two scopes in which SQL runs. There is no third: outside of them the connection's role sees no row.
 *
 * A transaction's first message carries BEGIN and its scope, and the first statement follows it on the wire
 * without waiting, so a scope costs no round trip of its own.
 */

export interface Transaction {
  query<Row extends QueryResultRow>(statement: Statement, values: readonly unknown[]): Promise<Row[]>;
  /** The last statement: COMMIT follows it without waiting for its answer. Resolves when others see it. */
  last<Row extends QueryResultRow>(statement: Statement, values: readonly unknown[]): Promise<Row[]>;
}

export interface ScopeOptions {
  /**
   * false: the commit does not wait for the disk. Only for what the next sweep would redo anyway, or where a commit
   * that waits comes before anyone relies on it; a crash of Postgres can lose up to 0.6 s of such commits, in order,
   * never a part of one.
   */
  durable?: boolean;
}

export interface TransactionOptions extends ScopeOptions {
  /**
   * Called when others see the commit, while it is still on its way to the disk; the transaction resolves once it is
   * there. For what may begin then, and comes to nothing where a crash of Postgres takes the commit back.
   */
  whenVisible?: () => void;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The text goes into SQL as a literal (a simple query takes no parameters), so its form is demanded here. */
function tenantSetting(businessId: string): string {
  if (!UUID.test(businessId)) throw new Error('A tenant scope needs the business’s id.');
  return `set local app.business_id = '${businessId}'`;
}

const SYSTEM_SETTING = 'set local role liveboard_system';

/** Goes to the log and nowhere else: a commit that waits for the disk, and so for all that was committed before it. */
const FLUSH = `select pg_logical_emit_message(true, 'liveboard', ''::text)`;

async function inTransaction<T>(
  db: Database,
  setting: string,
  work: (tx: Transaction) => Promise<T>,
  { durable = true, whenVisible }: TransactionOptions,
): Promise<T> {
  const client = await db.acquire();
  let ended: Promise<unknown> | undefined;
  let flushed: Promise<unknown> | undefined;
  const end = (text: 'commit' | 'rollback') => {
    if (ended) return ended;
    ended = client.query(text);
    // Behind the commit on the wire: its answer does not wait for the disk, and this one's does.
    flushed = whenVisible && text === 'commit' ? client.query(FLUSH) : undefined;
    flushed?.catch(() => undefined);
    return ended;
  };
  try {
    const isLazy = !durable || whenVisible !== undefined;
    const opening = client.query(`begin; ${setting}${isLazy ? '; set local synchronous_commit = off' : ''}`);
    // Where the opening fails, the statements behind it fail too or see nothing; its reason is the better one.
    opening.catch(() => undefined);
    const query = <Row extends QueryResultRow>(statement: Statement, values: readonly unknown[]) =>
      client.query<Row>({ name: statement.name, text: statement.text, values: values as unknown[] });
    const result = await work({
      query: async (statement, values) => (await query<never>(statement, values)).rows,
      last: async (statement, values) => {
        const answer = query<never>(statement, values);
        const commit = end('commit');
        commit.catch(() => undefined);
        const { rows } = await answer;
        await commit;
        return rows;
      },
    });
    await opening;
    await end('commit');
    whenVisible?.();
    await flushed;
    return result;
  } catch (error) {
    await end('rollback').catch(() => undefined);
    throw error;
  } finally {
    await db.release(client);
  }
}

const tenantSettings = (businessId: string, { durable }: ScopeOptions): ScopeSettings => ({
  statement: durable === false ? 'scope_tenant_async' : 'scope_tenant',
  values: [businessId],
});

const systemSettings = ({ durable }: ScopeOptions): ScopeSettings => ({
  statement: durable === false ? 'scope_system_async' : 'scope_system',
  values: [],
});

async function inScope<Row extends QueryResultRow>(
  db: Database,
  scope: ScopeSettings,
  statement: Statement,
  values: readonly unknown[],
): Promise<Row[]> {
  const client = await db.acquire();
  try {
    return await new Promise((resolve, reject) => {
      client.query(
        new ScopedQuery<Row>(scope, statement, values, (error, result) =>
          error ? reject(error) : resolve(result.rows),
        ),
      );
    });
  } finally {
    await db.release(client);
  }
}

/** Runs `work` in a transaction that sees one business's rows only (row-level security). */
export function withTenant<T>(
  db: Database,
  businessId: string,
  work: (tx: Transaction) => Promise<T>,
  options: TransactionOptions = {},
): Promise<T> {
  return inTransaction(db, tenantSetting(businessId), work, options);
}

/** One statement in a business's scope: one round trip. */
export function tenantStatement<Row extends QueryResultRow>(
  db: Database,
  businessId: string,
  statement: Statement,
  values: readonly unknown[],
  options: ScopeOptions = {},
): Promise<Row[]> {
  return inScope<Row>(db, tenantSettings(businessId, options), statement, values);
}

/**
 * Runs `work` in a transaction that sees every business. Only for functions whose docstring says why: logins
 * (no business is known yet), sweeps, presence and the platform's own upkeep.
 */
export function withSystem<T>(
  db: Database,
  work: (tx: Transaction) => Promise<T>,
  options: ScopeOptions = {},
): Promise<T> {
  return inTransaction(db, SYSTEM_SETTING, work, options);
}

/** One statement across businesses: one round trip. The caller's docstring says why. */
export function systemStatement<Row extends QueryResultRow>(
  db: Database,
  statement: Statement,
  values: readonly unknown[],
  options: ScopeOptions = {},
): Promise<Row[]> {
  return inScope<Row>(db, systemSettings(options), statement, values);
}

/** Like {@link withTenant}, for Objection models and query builders. */
export async function withTenantModels<T>(
  db: Database,
  businessId: string,
  work: (trx: Knex.Transaction) => Promise<T>,
): Promise<T> {
  const setting = tenantSetting(businessId);
  return db.knex.transaction(async (trx) => {
    const client = (await trx.client.acquireConnection()) as Client;
    // On the wire ahead of all that `work` asks, which follows without waiting for the answer.
    const opening = client.query(setting);
    opening.catch(() => undefined);
    try {
      return await work(trx);
    } finally {
      await opening;
    }
  });
}

/**
 * Takes on the system's role for the rest of a transaction of {@link withTenantModels}: for a change of a business's
 * rows that also touches what is no business's (a person's sessions). The caller's docstring says why.
 */
export const becomeSystem = async (trx: Knex.Transaction): Promise<void> =>
  void (await trx.raw(SYSTEM_SETTING));
