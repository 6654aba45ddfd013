import type { Database } from '../../db/database';
import { withTenant, type Statement } from '../../db/scope';
import type { ConversationRow } from '../presenters/conversation';
import type { Actor } from '../roles';
import { CONVERSATION_COLUMNS } from '../runs/columns';
import type { EndedRun } from '../runs/end';
import { STOPPED_BY_PERSON, stopUnclaimed } from '../runs/stop';

const LOCK_AGENTS: Statement = {
  name: 'conversation-delete-agents',
  text: `select a.id from agents a where a.id in (
           select agent_id from runs where conversation_id = $1 and finished_at is null)
          order by a.id for key share`,
};

const DELETE: Statement = {
  name: 'conversation-stop-and-delete',
  text: `update conversations c set deleted_at = now(), updated_at = now()
          where c.id = $1 and c.user_id = $2 and c.deleted_at is null returning ${CONVERSATION_COLUMNS}`,
};

const LOCK_OPEN: Statement = {
  name: 'conversation-delete-runs',
  text: `select id, status from runs where conversation_id = $1 and finished_at is null
          order by position for no key update`,
};

const STOP_RUNNING: Statement = {
  name: 'conversation-delete-stop',
  text: `update runs set stop_requested_at = coalesce(stop_requested_at, now()), updated_at = now()
          where conversation_id = $1 and finished_at is null and status = 'running'`,
};

export interface DeletedConversation {
  conversation: ConversationRow;
  /** Runs that no worker had: stopped. */
  ended: EndedRun[];
  /** Runs whose workers are to be told (signalStop). */
  stoppingIds: string[];
}

/**
 * Deletes a person's conversation for them, and stops what is under way in it; the purge takes the rows later.
 * @returns undefined where there is no such conversation of theirs
 */
export function deleteConversation(
  db: Database,
  actor: Actor,
  conversationId: string,
): Promise<DeletedConversation | undefined> {
  return withTenant(db, actor.businessId, async (tx) => {
    // In the order of all: agents, conversation, runs. What is read behind the second lock is as it stays.
    const [, [conversation], open] = await Promise.all([
      tx.query(LOCK_AGENTS, [conversationId]),
      tx.query<ConversationRow & object>(DELETE, [conversationId, actor.userId]),
      tx.query<{ id: string; status: string }>(LOCK_OPEN, [conversationId]),
    ]);
    if (!conversation) return undefined;
    const ended: EndedRun[] = [];
    for (const { id, status } of open) {
      if (status === 'running') continue;
      const one = await stopUnclaimed(tx, id, STOPPED_BY_PERSON);
      // What comes next in the conversation is ended here, too.
      if (one) ended.push({ ...one, next: undefined });
    }
    await tx.query(STOP_RUNNING, [conversationId]);
    return {
      conversation,
      ended,
      stoppingIds: open.filter(({ status }) => status === 'running').map(({ id }) => id),
    };
  });
}
