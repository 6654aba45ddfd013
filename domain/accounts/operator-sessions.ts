import type { Database } from '../../db/database';
import { systemStatement, type Statement, type Transaction } from '../../db/scope';
import { newId } from '../../lib/ids';
import { recordAudit, type AuditOrigin } from '../audit/record';

/** An operator logs in once a working day. */
export const OPERATOR_SESSION_HOURS = 12;
/** Ended sessions are kept this long, days, to see who was there. */
const KEPT_DAYS = 30;

/** Who looks at the queues. */
export interface Operator {
  sessionId: string;
  userId: string;
  name: string;
  email: string;
  /** May change jobs and queues, not only look (users.operator_may_act). */
  mayAct: boolean;
}

const CREATE: Statement = {
  name: 'operator-sessions-create',
  text: `with gone as (
           delete from operator_sessions where expires_at < now() - interval '${KEPT_DAYS} days'
         )
         insert into operator_sessions (id, user_id, expires_at)
         select $1, id, now() + interval '${OPERATOR_SESSION_HOURS} hours' from users where id = $2 and operator
         returning id`,
};

// The rights are read anew each time: taking them away is effective at once, whatever session is open.
const FIND: Statement = {
  name: 'operator-sessions-find',
  text: `with used as (
           update operator_sessions set last_used_at = now()
            where id = $1 and last_used_at < now() - interval '1 minute'
         )
         select s.id as "sessionId", u.id as "userId", u.name, u.email, u.operator_may_act as "mayAct"
           from operator_sessions s join users u on u.id = s.user_id
          where s.id = $1 and s.revoked_at is null and s.expires_at > now() and u.operator`,
};

const END: Statement = {
  name: 'operator-sessions-end',
  text: `update operator_sessions set revoked_at = now() where id = $1 and revoked_at is null`,
};

/**
 * Opens a session for an operator. Needs a system transaction, as the others here are across tenants: operators
 * belong to none.
 * @returns its id; undefined where the person is no operator (any more)
 */
export async function openOperatorSession(
  tx: Transaction,
  userId: string,
  origin: AuditOrigin,
): Promise<string | undefined> {
  const [row] = await tx.query<{ id: string }>(CREATE, [newId(), userId]);
  if (!row) return undefined;
  const subject = { kind: 'session', id: row.id } as const;
  const after = { ip: origin.ip, userAgent: origin.userAgent, reason: 'operator' };
  await recordAudit(tx, { ...origin, actorId: userId }, { action: 'session.created', subject, after });
  return row.id;
}

/** undefined where the session has ended or run out, or its owner is no operator any more. */
export async function findOperator(db: Database, sessionId: string): Promise<Operator | undefined> {
  const [operator] = await systemStatement<Operator>(db, FIND, [sessionId]);
  return operator;
}

export const endOperatorSession = (db: Database, sessionId: string): Promise<unknown> =>
  systemStatement(db, END, [sessionId]);
