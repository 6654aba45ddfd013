import { checkSelect } from '../../domain/sql/select-statement';
import type { SqlSource } from '../../domain/widgets/source-schemas';
import { SourceError } from '../../lib/errors';
import { readRows, type SqlData } from './postgres/read-rows';
import { withPostgres, type PostgresOptions } from './postgres/session';
import type { Source } from './source';
import { toStorable } from './storable-json';

/**
 * A SELECT over a stored postgres connection. Resolves to {@link SqlData}: at most 5,000 rows and what a
 * widget holds, `truncated` when there were more.
 *
 * Several walls, each of which would do by itself for most of what can be tried: the query is checked again
 * (domain/sql), only allowed addresses are connected to, never the platform's own server, and it runs by the
 * extended protocol in a read-only transaction with limits, on a connection of its own.
 */
export function createSqlSource(options: PostgresOptions): Source<SqlSource> {
  return {
    kind: 'sql',
    async fetch(source, { connection, signal }): Promise<SqlData> {
      if (connection?.kind !== 'postgres') {
        throw new SourceError(
          'connection_missing',
          "The widget's connection is gone or not a PostgreSQL connection.",
          { failure: 'pause' },
        );
      }
      const problems = await checkSelect(source.query, source.params.length);
      if (problems) {
        const message = problems.map((problem) => problem.message).join(' ');
        throw new SourceError('query_not_allowed', message, { failure: 'pause' });
      }
      const data = await withPostgres(connection, signal, options, (session) =>
        readRows(session, source.query, source.params),
      );
      return toStorable(data);
    },
  };
}
