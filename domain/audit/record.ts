import type { Knex } from 'knex';
import type { Statement, Transaction } from '../../db/scope';
import { trxStatement } from '../../db/trx-statement';
import { newId } from '../../lib/ids';
import { changedColumns, type Columns } from './columns';
import type { SubjectKind } from './subjects';

/** Who did it, and from where. */
export interface AuditOrigin {
  /** null where nobody is known (a login that failed). */
  actorId: string | null;
  apiKeyId: string | null;
  sessionId: string | null;
  /** null for what concerns a person alone, or the platform. */
  businessId: string | null;
  requestId: string;
  ip: string | null;
  userAgent: string | null;
}

export interface AuditEntry {
  /** `<subject>.<past tense>`: `member.role_changed`. */
  action: `${string}.${string}`;
  subject: { kind: SubjectKind; id: string | null };
  /** The row, or what of it matters; only what SUBJECTS allows is written. Of a change only what differs. */
  before?: Columns | undefined;
  after?: Columns | undefined;
}

const INSERT: Statement = {
  name: 'audit-record',
  text: `insert into audit_events (id, business_id, actor_id, actor_email, api_key_id, session_id, action,
                                   subject_kind, subject_id, before, after, request_id, ip, user_agent)
         values ($1, $2, $3, (select email from users where id = $3), $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
};

/**
 * Writes down what was done, in the transaction that does it: neither is there without the other. In a business's
 * scope the origin's business must be that one (row-level security), and the actor's address is found there only
 * while they are a member: record before you remove.
 */
export async function recordAudit(
  tx: Transaction | Knex.Transaction,
  origin: AuditOrigin,
  entry: AuditEntry,
): Promise<void> {
  const { before, after } = changedColumns(entry.subject.kind, entry.before, entry.after);
  const values = [
    newId(),
    origin.businessId,
    origin.actorId,
    origin.apiKeyId,
    origin.sessionId,
    entry.action,
    entry.subject.kind,
    entry.subject.id,
    before,
    after,
    origin.requestId,
    origin.ip,
    origin.userAgent,
  ];
  await (typeof tx === 'function' ? trxStatement(tx, INSERT, values) : tx.query(INSERT, values));
}
