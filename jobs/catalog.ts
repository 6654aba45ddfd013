import type { z } from 'zod';
import { agentRun } from './agent-run';
import { mail } from './mail';
import { maintenance } from './maintenance';
import { sourceProbe } from './source-probe';
import { widgetRefresh } from './widget-refresh';

/** Every job there is. The workers' handlers are typed over this list: one without a handler does not compile. */
export const CATALOG = {
  'widget-refresh': widgetRefresh,
  'source-probe': sourceProbe,
  'agent-run': agentRun,
  mail,
  maintenance,
} as const;

export type JobName = keyof typeof CATALOG;
export type JobPayload<Name extends JobName> = z.infer<(typeof CATALOG)[Name]['payload']>;
