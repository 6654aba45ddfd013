import type { Parts } from '../compose/parts';
import type { SourceRegistry } from './sources/registry';

/** What the handlers of one worker process share. */
export interface WorkerContext extends Parts {
  sources: SourceRegistry;
  /** Tells the sweeper of this process that a slot is free. */
  wakeSweeper: () => void;
}
