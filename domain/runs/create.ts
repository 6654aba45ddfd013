import type { Knex } from 'knex';
import { conflict, notFound } from '../../lib/errors';
import { newId } from '../../lib/ids';
import type { ConversationRow, MessageRow, RunRow } from '../presenters/conversation';
import type { Actor } from '../roles';
import { RUN_COLUMNS } from './columns';
import { DELIVERY_COLUMNS, QUEUE_AGAIN, type Delivery } from './delivery';
import { FIRST_TITLE_LENGTH, MAX_OPEN_RUNS } from './limits';
import {
  conversationJson,
  conversationOfJson,
  messageJson,
  messageOfJson,
  runJson,
  runOfJson,
  type Json,
} from './rows';
import { firstTitle } from './title';
import { DECLINED_BY_MESSAGE } from './tool-results';

export interface NewRun {
  agentId: string;
  /** Left out: a new conversation. */
  conversationId?: string;
  /** Without NUL, which Postgres refuses. */
  content: string;
  requestId: string;
}

export interface CreatedRun {
  conversation: ConversationRow;
  /** What the person wrote. */
  message: MessageRow;
  /** The answer in the making: pending. */
  reply: MessageRow;
  run: RunRow;
  /** An earlier run that waited for the person's word, which counts as declined now. */
  declined?: RunRow;
  /**
   * To be enqueued after the commit. A run behind another open one is not among them: the end of that one hands
   * it over (domain/runs/end), so that a worker is not asked in vain.
   */
  deliveries: Delivery[];
}

const STARTED = `
  with conversation as (
    insert into conversations (id, business_id, user_id, agent_id, title, next_position, message_count)
    values (:conversationId, :businessId, :userId, :agentId, :title, 3, 1) returning *
  )`;

const CONTINUED = `
  with conversation as (
    update conversations set agent_id = :agentId, next_position = next_position + 2,
      message_count = message_count + 1, last_message_at = greatest(last_message_at, now()), updated_at = now()
    where id = :conversationId returning *
  )`;

const ADD_RUN = `, question as (
    insert into messages (id, business_id, conversation_id, run_id, role, content, status, position)
    select :messageId, business_id, id, :runId, 'user', :content, 'completed', next_position - 2 from conversation
    returning *
  ), reply as (
    insert into messages (id, business_id, conversation_id, run_id, role, status, position)
    select :replyId, business_id, id, :runId, 'assistant', 'pending', next_position - 1 from conversation
    returning *
  ), run as (
    insert into runs (id, business_id, conversation_id, agent_id, user_id, message_id, reply_id, position, request_id)
    select :runId, business_id, id, :agentId, user_id, :messageId, :replyId, next_position - 1, :requestId
      from conversation
    returning *
  )
  select ${conversationJson('conversation c')} as conversation, ${messageJson('question m')} as message,
         ${messageJson('reply m')} as reply, ${runJson('run r')} as run`;

interface AddedRow {
  conversation: Json<ConversationRow>;
  message: Json<MessageRow>;
  reply: Json<MessageRow>;
  run: Json<RunRow>;
}

async function rowsOf<Row>(
  trx: Knex.Transaction,
  text: string,
  values: Record<string, unknown>,
): Promise<Row[]> {
  const { rows } = await trx.raw<{ rows: Row[] }>(text, values as never);
  return rows;
}

/** Rows are locked in one order everywhere: agent, conversation, run, message. */
async function lockAgent(trx: Knex.Transaction, agentId: string): Promise<void> {
  const [agent] = await rowsOf<{ status: string }>(
    trx,
    'select status from agents where business_id = current_business() and id = :agentId for key share',
    { agentId },
  );
  if (!agent) throw notFound('Agent');
  if (agent.status !== 'active') throw conflict('This agent is inactive.', 'agent_inactive');
}

/** The lock numbers messages without a gap, and what is read behind it is as the last one left it. */
async function openRuns(
  trx: Knex.Transaction,
  { userId }: Actor,
  conversationId: string,
): Promise<{ id: string; status: string }[]> {
  const locked = await rowsOf(
    trx,
    `select id from conversations where business_id = current_business() and id = :conversationId
        and user_id = :userId and deleted_at is null for no key update`,
    { conversationId, userId },
  );
  if (locked.length === 0) throw notFound('Conversation');
  const open = await rowsOf<{ id: string; status: string }>(
    trx,
    `select id, status from runs where conversation_id = :conversationId
        and status in ('queued', 'running', 'waiting') order by position`,
    { conversationId },
  );
  if (open.length >= MAX_OPEN_RUNS)
    throw conflict(
      `This conversation has ${MAX_OPEN_RUNS} unanswered messages. Wait for a reply, or stop one.`,
      'too_many_open_runs',
    );
  return open;
}

/** undefined where the sweep, which locks no conversation, was faster. */
async function declineWaiting(
  trx: Knex.Transaction,
  runId: string,
): Promise<{ run: RunRow; delivery: Delivery } | undefined> {
  const locked = await rowsOf(
    trx,
    `select id from runs where id = :runId and status = 'waiting' for no key update`,
    { runId },
  );
  if (locked.length === 0) return undefined;
  await trx.raw(
    `update tool_calls set status = 'declined', result = :result, decided_at = now(), finished_at = now()
      where run_id = :runId and status = 'waiting'`,
    { runId, result: DECLINED_BY_MESSAGE },
  );
  const [row] = await rowsOf<RunRow & Delivery>(
    trx,
    `update runs r set ${QUEUE_AGAIN} where r.id = :runId returning ${RUN_COLUMNS}, ${DELIVERY_COLUMNS}`,
    { runId },
  );
  if (!row) return undefined;
  const { businessId, runId: id, delivery, requestId, ...run } = row;
  return { run, delivery: { businessId, runId: id, delivery, requestId } };
}

/**
 * Writes a person's message, the place of its reply and the run that will fill it, in the caller's transaction, which
 * has the business's scope. Enqueue `deliveries` after the commit; what fails there, a sweep finds.
 * @throws HttpError 404 agent or conversation; 409 `agent_inactive`, `too_many_open_runs`
 */
export async function createRun(trx: Knex.Transaction, actor: Actor, input: NewRun): Promise<CreatedRun> {
  await lockAgent(trx, input.agentId);
  const open = input.conversationId ? await openRuns(trx, actor, input.conversationId) : [];
  const waiting = open.find(({ status }) => status === 'waiting');
  const declined = waiting && (await declineWaiting(trx, waiting.id));
  const [row] = await rowsOf<AddedRow>(trx, (input.conversationId ? CONTINUED : STARTED) + ADD_RUN, {
    conversationId: input.conversationId ?? newId(),
    businessId: actor.businessId,
    userId: actor.userId,
    agentId: input.agentId,
    title: firstTitle(input.content, FIRST_TITLE_LENGTH),
    messageId: newId(),
    replyId: newId(),
    runId: newId(),
    content: input.content,
    requestId: input.requestId,
  });
  if (!row) throw notFound('Conversation');
  const run = runOfJson(row.run);
  const own = { businessId: actor.businessId, runId: run.id, delivery: 0, requestId: input.requestId };
  return {
    conversation: conversationOfJson(row.conversation),
    message: messageOfJson(row.message),
    reply: messageOfJson(row.reply),
    run,
    ...(declined && { declined: declined.run }),
    deliveries: [...(declined ? [declined.delivery] : []), ...(open.length === 0 ? [own] : [])],
  };
}
