import type { AuditOrigin } from '../../domain/audit/record';

/** Nobody, from nowhere: for calls of a test's own. */
export const NOWHERE: AuditOrigin = {
  actorId: null,
  apiKeyId: null,
  sessionId: null,
  businessId: null,
  requestId: 'a-test',
  ip: null,
  userAgent: null,
};
