import type { Database } from '../../db/database';
import { tenantStatement, type Statement } from '../../db/scope';
import type { ConversationRow, MessageRow, RunRow } from '../presenters/conversation';
import type { Actor } from '../roles';
import { CONVERSATION_COLUMNS, MESSAGE_COLUMNS, RUN_COLUMNS } from '../runs/columns';

const FIND: Statement = {
  name: 'conversation-find',
  text: `select ${CONVERSATION_COLUMNS} from conversations c where c.id = $1 and c.deleted_at is null`,
};

/** Whoever asks still has to pass the policy: a business's scope holds everyone's conversations. */
export async function findConversation(
  db: Database,
  businessId: string,
  id: string,
): Promise<ConversationRow | undefined> {
  return (await tenantStatement<ConversationRow>(db, businessId, FIND, [id]))[0];
}

const MESSAGES: Statement = {
  name: 'conversation-messages',
  text: `select ${MESSAGE_COLUMNS} from messages m
          where m.conversation_id = $1 and ($2::int is null or m.position < $2) order by m.position desc limit $3`,
};

/**
 * The newest messages before a position, oldest of them first.
 * @param conversationId one that the caller was authorised for
 */
export async function messagesBefore(
  db: Database,
  businessId: string,
  conversationId: string,
  before: number | undefined,
  limit: number,
): Promise<MessageRow[]> {
  const rows = await tenantStatement<MessageRow>(db, businessId, MESSAGES, [
    conversationId,
    before ?? null,
    limit,
  ]);
  return rows.toReversed();
}

const FIND_RUN: Statement = {
  name: 'run-find',
  text: `select ${RUN_COLUMNS}, r.user_id as "userId", r.business_id as "businessId" from runs r
           join conversations c on c.id = r.conversation_id and c.deleted_at is null where r.id = $1`,
};

/** Its own person's run, with whom it belongs to for the policy. */
export async function findRun(
  db: Database,
  businessId: string,
  id: string,
): Promise<(RunRow & { userId: string; businessId: string }) | undefined> {
  return (
    await tenantStatement<RunRow & { userId: string; businessId: string }>(db, businessId, FIND_RUN, [id])
  )[0];
}

const FIND_MESSAGE: Statement = {
  name: 'message-find',
  text: `select ${MESSAGE_COLUMNS} from messages m where m.id = $1`,
};

/** @param id of a run that the caller was authorised for */
export async function findMessage(
  db: Database,
  businessId: string,
  id: string,
): Promise<MessageRow | undefined> {
  return (await tenantStatement<MessageRow>(db, businessId, FIND_MESSAGE, [id]))[0];
}

const DEFAULT_AGENT: Statement = {
  name: 'agent-default',
  text: `select id from agents where business_id = current_business() and status = 'active'
          order by created_at, id limit 1`,
};

/** The agent who answers where nobody was named: the business's oldest active one. */
export async function defaultAgentId(db: Database, { businessId }: Actor): Promise<string | undefined> {
  return (await tenantStatement<{ id: string }>(db, businessId, DEFAULT_AGENT, []))[0]?.id;
}

const PROGRESS: Statement = {
  name: 'run-progress',
  text: `
    select ${RUN_COLUMNS}, m.content from runs r join messages m on m.id = r.reply_id
      join conversations c on c.id = r.conversation_id and c.deleted_at is null
     where r.id = $1 and r.user_id = $2`,
};

export interface RunProgress {
  run: RunRow;
  replyId: string;
  /** The reply's text so far, of the run's present epoch: both are of one moment. */
  content: string;
}

/** A run of the actor's own, with its text. */
export async function readProgress(
  db: Database,
  { businessId, userId }: Actor,
  runId: string,
): Promise<RunProgress | undefined> {
  const [row] = await tenantStatement<RunRow & { content: string }>(db, businessId, PROGRESS, [
    runId,
    userId,
  ]);
  if (!row) return undefined;
  const { content, ...run } = row;
  return { run, replyId: run.replyId, content };
}
