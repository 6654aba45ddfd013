import type { Envelope } from './events';

/** What every event carries beside its row. */
export const envelope = (businessId: string, version: number, requestId: string): Envelope => ({
  businessId,
  version,
  ts: new Date().toISOString(),
  requestId,
});
