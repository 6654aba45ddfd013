import type { SourceKind, WidgetSource } from './source-schemas';

/** Sources whose data arrives by itself: nothing to fetch, so no schedule and no refresh on demand. */
export type ReceivedKind = 'push';
/** Sources that a worker fetches; the registry of workers/sources has exactly these. */
export type FetchedKind = Exclude<SourceKind, ReceivedKind>;
export type FetchedSource = Extract<WidgetSource, { kind: FetchedKind }>;

/** Does a refresh make sense for this source? Narrows it to what the registry can fetch. */
export const isFetched = (source: WidgetSource): source is FetchedSource => source.kind !== 'push';
