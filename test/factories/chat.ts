import type { Database } from '../../db/database';
import { tenantStatement, withTenant, type Statement } from '../../db/scope';
import type { HoldRequest } from '../../domain/money/held-call';
import type { Actor } from '../../domain/roles';
import { claimRun } from '../../domain/runs/claim';
import { createRun, type CreatedRun } from '../../domain/runs/create';
import { requestStop } from '../../domain/runs/stop';
import type { ClaimedRun } from '../../domain/runs/types';
import { newId } from '../../lib/ids';
import { addAgent } from './agents';
import type { Person } from './tenant';

export const actorOf = ({ userId, businessId, sessionId, role }: Person): Actor => ({
  userId,
  businessId,
  sessionId,
  role,
  operator: false,
  emailVerified: true,
  apiKey: null,
});

/** Adds an agent to the person's business and gives its id. */
export function createAgent(db: Database, person: Person): Promise<string> {
  const sql = (text: string, values: readonly unknown[] = []) =>
    tenantStatement(db, person.businessId, { name: '', text }, values);
  return addAgent(sql, actorOf(person));
}

/** A message of the person's to a new agent, with its queued run. */
export async function createChat(db: Database, person: Person, content = 'A question'): Promise<CreatedRun> {
  const agentId = await createAgent(db, person);
  return withTenant(db, person.businessId, (tx) =>
    createRun(tx, actorOf(person), { agentId, content, requestId: 'test' }),
  );
}

/** A run in a worker's hands. */
export async function createClaimedRun(db: Database, person: Person): Promise<ClaimedRun> {
  const { run } = await createChat(db, person);
  const claimed = await claimRun(db, person.businessId, run.id);
  if (!claimed) throw new Error('The run could not be claimed.');
  return claimed;
}

/** The first call of a run in hand, to a model whose price nobody knows, unless told otherwise. */
export const callOf = (run: ClaimedRun, overrides: Partial<HoldRequest> = {}): HoldRequest => ({
  businessId: run.businessId,
  userId: run.actor?.userId ?? '',
  agentId: run.agent?.id ?? null,
  runId: run.id,
  conversationId: run.conversationId,
  epoch: run.epoch,
  turn: 1,
  attempt: 1,
  purpose: 'reply',
  provider: 'test',
  model: 'free',
  inputBound: 10,
  outputCap: 10,
  requestId: 'test',
  ...overrides,
});

/** A conversation without an open run. */
export async function createConversation(db: Database, person: Person): Promise<string> {
  const { run, conversation } = await createChat(db, person);
  await requestStop(db, actorOf(person), run.id);
  return conversation.id;
}

export async function createFinishedRun(db: Database, person: Person): Promise<string> {
  const { run } = await createChat(db, person);
  await requestStop(db, actorOf(person), run.id);
  return run.id;
}

const REPORT: Statement = {
  name: 'test-report',
  text: `insert into reports (id, business_id, run_id, user_id, title, csv) values ($1, $2, $3, $4, 'A title', 'a')`,
};

export async function createReport(db: Database, person: Person): Promise<string> {
  const id = newId();
  const runId = await createFinishedRun(db, person);
  await tenantStatement(db, person.businessId, REPORT, [id, person.businessId, runId, person.userId]);
  return id;
}
