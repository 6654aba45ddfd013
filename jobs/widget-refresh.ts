import { z } from 'zod';
import { defineJob } from './contract';

/** Refresh one widget, under the claim that was made for it in widget_schedules. */
export const widgetRefresh = defineJob({
  name: 'widget-refresh',
  queue: 'widget-refresh',
  payload: z.object({
    businessId: z.uuid(),
    widgetId: z.uuid(),
    claimNo: z.number().int().positive(),
    requestId: z.string(),
  }),
  jobId: ({ widgetId, claimNo }) => `${widgetId}-${claimNo}`,
});
