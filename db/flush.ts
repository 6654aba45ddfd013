import type { Database } from './database';
import { tenantStatement, type Statement } from './scope';

/** Goes to the log and nowhere else: a commit that waits for the disk, and so for all that was committed before it. */
const FLUSH: Statement = {
  name: 'flush',
  text: `select pg_logical_emit_message(true, 'liveboard', ''::text)`,
};

/** Resolves once all that was committed before it (`ScopeOptions.durable: false`) outlives a crash of Postgres. */
export const flush = async (db: Database, businessId: string): Promise<void> =>
  void (await tenantStatement(db, businessId, FLUSH, []));
