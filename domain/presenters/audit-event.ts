import type { AuditRow } from '../audit/list';

export const presentAuditEvent = (row: AuditRow) => ({
  id: row.id,
  action: row.action,
  actor: row.actorId === null ? null : { id: row.actorId, email: row.actorEmail },
  apiKeyId: row.apiKeyId,
  sessionId: row.sessionId,
  subject: { kind: row.subjectKind, id: row.subjectId },
  before: row.before,
  after: row.after,
  requestId: row.requestId,
  ip: row.ip,
  userAgent: row.userAgent,
  createdAt: row.createdAt.toISOString(),
});
export type PresentedAuditEvent = ReturnType<typeof presentAuditEvent>;
