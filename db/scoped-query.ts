import { Query, type QueryResult, type QueryResultRow } from 'pg';

/**
 * One statement in a scope as one message each way.
 *
 * Statements that the extended protocol sends before one Sync share an implicit transaction, so the scope's
 * settings (local to the transaction) and the statement need no BEGIN and no COMMIT of their own. Three messages
 * and three answers become one each; on a machine where a write costs 0.1 ms that is most of a short statement.
 *
 * Reaches into `pg` (pinned in package.json): a Query may prepare itself, and handles its own answers.
 */

/** A prepared statement: `name` is unique to `text`, so that Postgres parses it once per connection. */
export interface Statement {
  name: string;
  text: string;
}

/** A scope's settings: the name of a statement prepared on every connection, and its parameters. */
export interface ScopeSettings {
  statement: string;
  values: readonly string[];
}

/** What {@link Query} uses of `pg`'s internal connection. */
interface WireConnection {
  bind(config: { portal: string; statement: string; values: readonly string[] }): void;
  execute(config: { portal: string }): void;
}

interface WireQuery {
  prepare(connection: WireConnection): void;
  handleDataRow(message: unknown): void;
  handleCommandComplete(message: unknown, connection: unknown): void;
}

const wire = Query.prototype as unknown as WireQuery;

export class ScopedQuery<Row extends QueryResultRow> extends Query<Row> {
  #isScopeSet = false;

  constructor(
    private readonly scope: ScopeSettings,
    statement: Statement,
    values: readonly unknown[],
    callback: (error: Error | null, result: QueryResult<Row>) => void,
  ) {
    super({ name: statement.name, text: statement.text, values: values as unknown[] });
    // `pg` takes the callback from the query itself when it is handed one that is already made.
    Object.assign(this, { callback });
  }

  prepare(connection: WireConnection): void {
    connection.bind({ portal: '', statement: this.scope.statement, values: this.scope.values });
    connection.execute({ portal: '' });
    wire.prepare.call(this, connection);
  }

  /** The settings' own answer comes first and is nobody's. */
  handleDataRow(message: unknown): void {
    if (this.#isScopeSet) wire.handleDataRow.call(this, message);
  }

  handleCommandComplete(message: unknown, connection: unknown): void {
    if (this.#isScopeSet) wire.handleCommandComplete.call(this, message, connection);
    this.#isScopeSet = true;
  }
}
