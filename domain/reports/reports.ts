import type { Knex } from 'knex';
import type { Database } from '../../db/database';
import { tenantStatement, type Statement } from '../../db/scope';
import { trxStatement } from '../../db/trx-statement';
import { newId } from '../../lib/ids';
import type { Actor } from '../roles';

const STORE: Statement = {
  name: 'report-store',
  text: `insert into reports (id, business_id, run_id, user_id, title, csv)
         values ($1, current_business(), $2, $3, $4, $5)`,
};

/** Keeps a run's report for its person, in the caller's transaction. @returns its id */
export async function storeReport(
  trx: Knex.Transaction,
  actor: Actor,
  report: { runId: string; title: string; csv: string },
): Promise<string> {
  const id = newId();
  await trxStatement(trx, STORE, [id, report.runId, actor.userId, report.title, report.csv]);
  return id;
}

const FIND: Statement = {
  name: 'report-find',
  text: 'select title, csv from reports where business_id = current_business() and id = $1 and user_id = $2',
};

/** Their own report; undefined for every other one, as for one that there is not. */
export async function findReport(
  db: Database,
  actor: Actor,
  reportId: string,
): Promise<{ title: string; csv: string } | undefined> {
  return (
    await tenantStatement<{ title: string; csv: string }>(db, actor.businessId, FIND, [
      reportId,
      actor.userId,
    ])
  )[0];
}
