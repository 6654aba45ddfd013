import type { Job } from 'bullmq';
import type { JobName, JobPayload } from '../jobs/catalog';
import type { WorkerContext } from './context';
import { agentRun } from './agent-run';
import { mail } from './mail';
import { maintenance } from './maintenance';
import { sourceProbe } from './source-probe';
import { widgetRefresh } from './widget-refresh';

export type Handler<Name extends JobName> = (
  context: WorkerContext,
  payload: JobPayload<Name>,
  job: Job,
  signal: AbortSignal,
) => Promise<void>;

/** One handler per job in the catalog; a missing one does not compile. */
export const HANDLERS: { [Name in JobName]: Handler<Name> } = {
  'widget-refresh': widgetRefresh,
  'source-probe': sourceProbe,
  'agent-run': agentRun,
  mail,
  maintenance,
};
