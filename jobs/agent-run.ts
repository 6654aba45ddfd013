import { z } from 'zod';
import { defineJob } from './contract';

/** Make one agent's reply. `delivery` grows each time the run is handed over: a lost job's id is not used again. */
export const agentRun = defineJob({
  name: 'agent-run',
  queue: 'agent-run',
  payload: z.object({
    businessId: z.uuid(),
    runId: z.uuid(),
    delivery: z.number().int().min(0),
    requestId: z.string(),
  }),
  jobId: ({ runId, delivery }) => `${runId}-${delivery}`,
});
