import type { Parts } from '../compose/parts';
import type { FinishRefresh } from '../domain/refresh/end';
import type { StartRefresh } from '../domain/refresh/start';
import type { HoldCall } from '../domain/money/hold-unbudgeted';
import type { RenewRun } from '../domain/runs/renew';
import type { SaveReply } from '../domain/runs/reply';
import type { Metrics } from '../lib/metrics/metrics';
import type { AgentParts } from './agents/parts';
import type { RunStops } from './agents/run-stops';
import type { Mailer } from './mail/mailer';
import type { SourceRegistry } from './sources/registry';

/** What the handlers of one worker process share. */
export interface WorkerContext extends Parts {
  metrics: Pick<Metrics, 'jobEnded' | 'refreshEnded' | 'agents'>;
  sources: SourceRegistry;
  agents: AgentParts;
  mailer: Mailer;
  startRefresh: StartRefresh;
  finishRefresh: FinishRefresh;
  saveReply: SaveReply;
  renewRun: RenewRun;
  holdCall: HoldCall;
  runStops: RunStops;
  /** Tells the sweeper of this process that a slot is free. */
  wakeSweeper: () => void;
}
