import { z } from 'zod';
import { defineJob } from './contract';

/**
 * Send one mail. Who to and what about is in its row: Bull Board shows neither. `delivery` grows each time the row
 * is handed over again; left out with the first.
 */
export const mail = defineJob({
  name: 'mail',
  queue: 'mail',
  payload: z.object({
    mailId: z.uuid(),
    delivery: z.number().int().min(0).optional(),
    requestId: z.string(),
  }),
  jobId: ({ mailId, delivery = 0 }) => `${mailId}-${delivery}`,
});
