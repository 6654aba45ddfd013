import type { Database } from '../../db/database';
import { readMetric } from '../../domain/metrics/read-metric';
import type { MetricSource } from '../../domain/widgets/source-schemas';
import type { Source } from './source';

/** The platform's own figures for this business, read in its scope. */
export const createMetricSource = (db: Database): Source<MetricSource> => ({
  kind: 'metric',
  fetch: (source, { businessId }) => readMetric(db, businessId, source.metric, source.range),
});
