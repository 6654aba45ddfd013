import type { WidgetSource } from '../../domain/widgets/source-schemas';
import type { SourceContext } from './source';

/** Every source there is, behind one call. */
export interface SourceRegistry {
  /** @throws SourceError with a reason for the person */
  fetch(source: WidgetSource, context: SourceContext): Promise<unknown>;
  close(): Promise<void>;
}
