import type { Statement, Transaction } from '../../db/scope';
import { conversationPolicy } from '../../domain/policies/conversation';
import {
  presentConversation,
  presentMessage,
  presentRun,
  type ConversationRow,
  type MessageRow,
  type RunRow,
} from '../../domain/presenters/conversation';
import { CONVERSATION_COLUMNS, MESSAGE_COLUMNS, RUN_COLUMNS } from '../../domain/runs/columns';
import type { ChangedRow, SizedRows } from './changes';
import { sizedRows, upToBytes } from './large-text';
import { SYNC_DATA_BYTES } from './limits';
import type { Since } from './since';

/** One's own conversations that are not deleted: a deleted one takes its messages and runs along. */
const OWN = `c.user_id = $3 and c.deleted_at is null`;
/** Whether a row's conversation is one. OFFSET 0 keeps it a look-up by key, as for widget data. */
const inOwn = (row: string) =>
  `cross join lateral (select from conversations c where c.id = ${row}.conversation_id and ${OWN} offset 0) c`;

const CONVERSATIONS: Statement = {
  name: 'sync-conversations',
  text: `select ${CONVERSATION_COLUMNS} from conversations c
          where c.business_id = $1 and c.xid >= $2::xid8 and ${OWN} order by c.xid limit $4`,
};

export async function changedConversations(
  tx: Transaction,
  { actor, xmin, limit }: Since,
): Promise<ChangedRow[]> {
  const rows = await tx.query<ConversationRow>(CONVERSATIONS, [actor.businessId, xmin, actor.userId, limit]);
  return rows
    .filter((row) => conversationPolicy.read(actor, row))
    .map((row) => ({ kind: 'conversation', row: presentConversation(row) }));
}

const MESSAGES: Statement = {
  name: 'sync-messages',
  text: upToBytes({
    text: 'm.content',
    bytes: '$5',
    order: 'm.xid',
    select: MESSAGE_COLUMNS,
    from: `messages m ${inOwn('m')} where m.business_id = $1 and m.xid >= $2::xid8 order by m.xid limit $4`,
  }),
};

/** @returns undefined where their texts are too large for an answer */
export async function changedMessages(
  tx: Transaction,
  { actor, xmin, limit }: Since,
): Promise<SizedRows | undefined> {
  const rows = await tx.query<MessageRow>(MESSAGES, [
    actor.businessId,
    xmin,
    actor.userId,
    limit,
    SYNC_DATA_BYTES,
  ]);
  return sizedRows(
    rows,
    (row) => row.content,
    (row) => ({ kind: 'message', row: presentMessage(row) }),
  );
}

const RUNS: Statement = {
  name: 'sync-runs',
  text: `select ${RUN_COLUMNS} from runs r ${inOwn('r')}
          where r.business_id = $1 and r.xid >= $2::xid8 and r.user_id = $3 order by r.xid limit $4`,
};

export async function changedRuns(tx: Transaction, { actor, xmin, limit }: Since): Promise<ChangedRow[]> {
  const rows = await tx.query<RunRow>(RUNS, [actor.businessId, xmin, actor.userId, limit]);
  return rows.map((row) => ({ kind: 'run', row: presentRun(row) }));
}
