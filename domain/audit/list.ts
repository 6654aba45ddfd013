import type { Database } from '../../db/database';
import { tenantStatement, type Statement } from '../../db/scope';

const PAGE: Statement = {
  name: 'audit-page',
  text: `select id, action, actor_id as "actorId", actor_email as "actorEmail", api_key_id as "apiKeyId",
                session_id as "sessionId", subject_kind as "subjectKind", subject_id as "subjectId", before, after,
                request_id as "requestId", ip, user_agent as "userAgent", created_at as "createdAt"
           from audit_events
          where business_id = $1
            and ($2::uuid is null or (created_at, id) < (select created_at, id from audit_events where id = $2))
            and ($3::text is null or action = $3) and ($4::uuid is null or actor_id = $4)
            and ($5::text is null or subject_kind = $5) and ($6::text is null or subject_id = $6)
          order by created_at desc, id desc limit $7`,
};

export interface AuditRow {
  id: string;
  action: string;
  actorId: string | null;
  actorEmail: string | null;
  apiKeyId: string | null;
  sessionId: string | null;
  subjectKind: string;
  subjectId: string | null;
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
  requestId: string;
  ip: string | null;
  userAgent: string | null;
  createdAt: Date;
}

export interface AuditFilter {
  /** An event's id: only what came before it. */
  before?: string | undefined;
  action?: string | undefined;
  actorId?: string | undefined;
  /** A kind of thing. */
  subject?: string | undefined;
  subjectId?: string | undefined;
  limit: number;
}

/** A business's events, newest first. Those of a person alone or of the platform are in no business's log. */
export const auditPage = (
  db: Database,
  businessId: string,
  { before, action, actorId, subject, subjectId, limit }: AuditFilter,
): Promise<AuditRow[]> =>
  tenantStatement<AuditRow & object>(db, businessId, PAGE, [
    businessId,
    before ?? null,
    action ?? null,
    actorId ?? null,
    subject ?? null,
    subjectId ?? null,
    limit,
  ]);
