import { newId } from '../../lib/ids';
import type { Tenant } from './tenant';

type Insert = (table: string, row: Record<string, unknown>) => Promise<unknown>;

/** A row of the business in every table of agents and money. */
export async function fillAgentTables(insert: Insert, { businessId, admin }: Tenant): Promise<void> {
  const of = { business_id: businessId };
  const person = { ...of, user_id: admin.userId };
  const [agentId, conversationId, questionId, replyId, runId, budgetId, ledgerId] = Array.from(
    { length: 7 },
    newId,
  );
  await insert('providers', { ...of, id: newId(), slug: 'own', name: 'Own', protocol: 'openai-chat' });
  await insert('agents', {
    ...of,
    id: agentId,
    name: 'An agent',
    type: 'analyst',
    model: 'own/m',
    max_tokens: 100,
  });
  await insert('agent_totals', { ...of, agent_id: agentId });
  await insert('conversations', { ...person, id: conversationId, agent_id: agentId, title: 'A title' });
  const message = { ...of, conversation_id: conversationId, content: 'A text', status: 'completed' };
  await insert('messages', { ...message, id: questionId, role: 'user', position: 1 });
  await insert('messages', { ...message, id: replyId, role: 'assistant', position: 2 });
  await insert('runs', {
    ...person,
    id: runId,
    conversation_id: conversationId,
    agent_id: agentId,
    message_id: questionId,
    reply_id: replyId,
    position: 2,
    status: 'completed',
    finished_at: new Date(),
    request_id: 'r',
  });
  const inRun = { ...of, run_id: runId };
  await insert('run_turns', { ...inRun, turn: 1 });
  await insert('tool_calls', {
    ...inRun,
    id: newId(),
    turn: 1,
    place: 0,
    provider_call_id: 'c',
    name: 'search',
    arguments: '{}',
  });
  await insert('reports', { ...inRun, id: newId(), user_id: admin.userId, title: 'A title', csv: 'a' });
  await insert('ledger', {
    ...of,
    id: ledgerId,
    run_id: runId,
    epoch: 1,
    turn: 1,
    attempt: 1,
    provider: 'own',
    model_requested: 'm',
    request_id: 'r',
    output_cap: 1,
    hold_nano: 1,
  });
  await insert('budgets', { ...of, id: budgetId, scope_kind: 'business', period: 'day', hard_limit_nano: 1 });
  const [start, end] = [new Date(0), new Date(86_400_000)];
  const inPeriod = { ...of, budget_id: budgetId, period_start: start };
  await insert('budget_periods', { ...inPeriod, period_end: end, held_nano: 1 });
  await insert('ledger_holds', { ...inPeriod, ledger_id: ledgerId, hold_nano: 1 });
  await insert('model_prices', {
    ...of,
    id: newId(),
    provider: 'own',
    model: 'm',
    effective_from: start,
    tiers: '[]',
    source: 'test',
  });
}
