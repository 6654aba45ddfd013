import type { StaticSource } from '../../domain/widgets/source-schemas';
import type { Source } from './source';

/** The data stands in the widget itself. */
export const staticSource: Source<StaticSource> = {
  kind: 'static',
  fetch: async (source) => source.data,
};
