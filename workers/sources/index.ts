import type { Database } from '../../db/database';
import type { FetchedKind, FetchedSource } from '../../domain/widgets/fetched-kinds';
import { isFetched } from '../../domain/widgets/fetched-kinds';
import { SourceError } from '../../lib/errors';
import { close as closeExpressions } from './expression';
import { httpSource } from './http';
import { createMetricSource } from './metric';
import { ownClusterOf } from './postgres/own-cluster-of';
import type { SourceRegistry } from './registry';
import type { Source } from './source';
import { createSqlSource } from './sql';
import { staticSource } from './static';

/** Every source by its kind. A new one is its schema, its module, and a line here. */
export function createSources(db: Database): SourceRegistry {
  const sources: { [Kind in FetchedKind]: Source<Extract<FetchedSource, { kind: Kind }>> } = {
    http: httpSource,
    sql: createSqlSource({ ownCluster: ownClusterOf(db) }),
    metric: createMetricSource(db),
    static: staticSource,
  };
  return {
    async fetch(source, context) {
      if (!isFetched(source)) throw new SourceError('not_fetched', 'This widget’s data is pushed.');
      return (sources[source.kind] as Source).fetch(source, context);
    },
    close: async () => closeExpressions(),
  };
}
