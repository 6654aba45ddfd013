import type { Knex } from 'knex';
import type { Statement } from '../../db/scope';
import { trxStatement } from '../../db/trx-statement';
import { forbidden } from '../../lib/errors';
import { conversationPolicy } from '../policies/conversation';
import type { Actor, Role } from '../roles';

/** Longest a tool's database work may take, ms: a person is waiting for the reply that needs it. */
export const TOOL_TIMEOUT_MS = 15_000;

/** Longest one statement of an effect may take, ms: it holds the run's row, and with it the renewal of a lease of 10 s. */
export const EFFECT_TIMEOUT_MS = 5_000;

const LIMIT: Statement = {
  name: 'tool-limit',
  text: `select set_config('statement_timeout', $1, true)`,
};

const ROLE: Statement = {
  name: 'tool-role',
  text: 'select role from memberships where user_id = $1',
};

/**
 * Bounds the statements of a tool's transaction, and reads the asker's role as it is now: a run may outlast it.
 * @param limitMs how long one statement may take
 * @returns the asker with that role
 * @throws HttpError 403 for someone who left the business or may no longer chat in it
 */
export async function openToolScope(trx: Knex.Transaction, actor: Actor, limitMs: number): Promise<Actor> {
  await trxStatement(trx, LIMIT, [String(limitMs)]);
  const [membership] = await trxStatement<{ role: Role }>(trx, ROLE, [actor.userId]);
  if (!membership) throw forbidden('The person who asked is no longer a member of this business.');
  const now = { ...actor, role: membership.role };
  if (!conversationPolicy.chat(now)) {
    throw forbidden('The role of the person who asked no longer allows this.');
  }
  return now;
}
