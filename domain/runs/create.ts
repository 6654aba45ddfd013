import type { Statement, Transaction } from '../../db/scope';
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

/**
 * Both: $1 conversation, $2 agent, $3 question, $4 reply, $5 run, $6 what was written, $7 request, $8 person. A new
 * conversation: $9 its title.
 */
const STARTED = `
  with conversation as (
    insert into conversations (id, business_id, user_id, agent_id, title, next_position, message_count)
    values ($1, current_business(), $8, $2, $9, 3, 1) returning *
  )`;

const CONTINUED = `
  with conversation as (
    update conversations set agent_id = $2, next_position = next_position + 2,
      message_count = message_count + 1, last_message_at = greatest(last_message_at, now()), updated_at = now()
    where id = $1 and user_id = $8 returning *
  )`;

const ADD_RUN = `, question as (
    insert into messages (id, business_id, conversation_id, run_id, role, content, status, position)
    select $3, business_id, id, $5, 'user', $6, 'completed', next_position - 2 from conversation
    returning *
  ), reply as (
    insert into messages (id, business_id, conversation_id, run_id, role, status, position)
    select $4, business_id, id, $5, 'assistant', 'pending', next_position - 1 from conversation
    returning *
  ), run as (
    insert into runs (id, business_id, conversation_id, agent_id, user_id, message_id, reply_id, position, request_id)
    select $5, business_id, id, $2, user_id, $3, $4, next_position - 1, $7
      from conversation
    returning *
  )
  select ${conversationJson('conversation c')} as conversation, ${messageJson('question m')} as message,
         ${messageJson('reply m')} as reply, ${runJson('run r')} as run`;

const START: Statement = { name: 'run-create-started', text: STARTED + ADD_RUN };
const CONTINUE: Statement = { name: 'run-create-continued', text: CONTINUED + ADD_RUN };

interface AddedRow {
  conversation: Json<ConversationRow>;
  message: Json<MessageRow>;
  reply: Json<MessageRow>;
  run: Json<RunRow>;
}

const LOCK_AGENT: Statement = {
  name: 'run-create-lock-agent',
  text: 'select status from agents where business_id = current_business() and id = $1 for key share',
};

/** The lock numbers messages without a gap, and what is read behind it is as the last one left it. */
const LOCK_CONVERSATION: Statement = {
  name: 'run-create-lock-conversation',
  text: `select id from conversations where business_id = current_business() and id = $1 and user_id = $2
            and deleted_at is null for no key update`,
};

const OPEN_RUNS: Statement = {
  name: 'run-create-open-runs',
  text: `select id, status from runs where conversation_id = $1 and finished_at is null
          order by position`,
};

interface OpenRun {
  id: string;
  status: string;
}

/**
 * Locks what the new run stands on, in the order in which all do (agent, conversation, run, message), and finds the
 * conversation's open runs. All on the wire at once: one round trip.
 */
async function lock(
  tx: Transaction,
  { userId }: Actor,
  { agentId, conversationId }: NewRun,
): Promise<OpenRun[]> {
  const [[agent], conversations, open] = await Promise.all([
    tx.query<{ status: string }>(LOCK_AGENT, [agentId]),
    conversationId ? tx.query(LOCK_CONVERSATION, [conversationId, userId]) : undefined,
    conversationId ? tx.query<OpenRun & object>(OPEN_RUNS, [conversationId]) : [],
  ]);
  if (!agent) throw notFound('Agent');
  if (agent.status !== 'active') throw conflict('This agent is inactive.', 'agent_inactive');
  if (conversations?.length === 0) throw notFound('Conversation');
  if (open.length >= MAX_OPEN_RUNS)
    throw conflict(
      `This conversation has ${MAX_OPEN_RUNS} unanswered messages. Wait for a reply, or stop one.`,
      'too_many_open_runs',
    );
  return open;
}

const LOCK_WAITING: Statement = {
  name: 'run-create-lock-waiting',
  text: `select id from runs where id = $1 and status = 'waiting' for no key update`,
};

const DECLINE_CALLS: Statement = {
  name: 'run-create-decline',
  text: `update tool_calls set status = 'declined', result = $2, decided_at = now(), finished_at = now()
          where run_id = $1 and status = 'waiting'`,
};

const GO_ON: Statement = {
  name: 'run-create-go-on',
  text: `update runs r set ${QUEUE_AGAIN} where r.id = $1 returning ${RUN_COLUMNS}, ${DELIVERY_COLUMNS}`,
};

/** undefined where the sweep, which locks no conversation, was faster. */
async function declineWaiting(
  tx: Transaction,
  waitingId: string,
): Promise<{ run: RunRow; delivery: Delivery } | undefined> {
  const locked = await tx.query(LOCK_WAITING, [waitingId]);
  if (locked.length === 0) return undefined;
  await tx.query(DECLINE_CALLS, [waitingId, DECLINED_BY_MESSAGE]);
  const [row] = await tx.query<RunRow & Delivery>(GO_ON, [waitingId]);
  if (!row) return undefined;
  const { businessId, runId, delivery, requestId, ...run } = row;
  return { run, delivery: { businessId, runId, delivery, requestId } };
}

/**
 * Writes a person's message, the place of its reply and the run that will fill it, in the caller's transaction, which
 * has the business's scope and ends with it. Enqueue `deliveries` after the commit; what fails there, a sweep finds.
 * @param allowed nothing is written before it resolves; what it rejects with is thrown
 * @throws HttpError 404 agent or conversation; 409 `agent_inactive`, `too_many_open_runs`
 */
export async function createRun(
  tx: Transaction,
  actor: Actor,
  input: NewRun,
  allowed: Promise<void> = Promise.resolve(),
): Promise<CreatedRun> {
  const open = await lock(tx, actor, input);
  await allowed;
  const waiting = open.find(({ status }) => status === 'waiting');
  const declined = waiting && (await declineWaiting(tx, waiting.id));
  const values = [
    input.conversationId ?? newId(),
    input.agentId,
    newId(),
    newId(),
    newId(),
    input.content,
    input.requestId,
    actor.userId,
  ];
  const [row] = input.conversationId
    ? await tx.last<AddedRow & object>(CONTINUE, values)
    : await tx.last<AddedRow & object>(START, [...values, firstTitle(input.content, FIRST_TITLE_LENGTH)]);
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
