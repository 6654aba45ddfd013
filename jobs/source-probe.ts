import { z } from 'zod';
import { defineJob } from './contract';

/**
 * Run a source once for someone who waits: a widget's preview or a connection's test. What to run and what came
 * of it are in the row source_probes, so that Bull Board shows neither.
 */
export const sourceProbe = defineJob({
  name: 'source-probe',
  queue: 'widget-refresh',
  payload: z.object({ businessId: z.uuid(), probeId: z.uuid(), requestId: z.string() }),
  jobId: ({ probeId }) => `probe-${probeId}`,
});
