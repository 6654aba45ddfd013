import type { Knex } from 'knex';
import type { Client, QueryResultRow } from 'pg';
import type { Transaction } from './scope';
import type { Statement } from './scoped-query';

/** Runs a prepared statement inside a transaction of {@link withTenantModels}, beside its models' queries. */
export async function trxStatement<Row extends QueryResultRow>(
  trx: Knex.Transaction,
  { name, text }: Statement,
  values: readonly unknown[],
): Promise<Row[]> {
  // Inside a transaction knex gives its one connection, and takes it back when the transaction ends.
  const client = (await trx.client.acquireConnection()) as Client;
  return (await client.query<Row>({ name, text, values: values as unknown[] })).rows;
}

/** The same transaction for functions that take a {@link Transaction}; the commit is left to Knex. */
export function asTransaction(trx: Knex.Transaction): Transaction {
  const query: Transaction['query'] = (statement, values) => trxStatement(trx, statement, values);
  return { query, last: query };
}
