import type { LoggedRequest } from '../../sandbox/control/request-log';
import type { Platform } from '../stand/platform';

/** What must hold once everything is over (product.md, promises 1 and 2), each with a query for the runs that break it. */
const RULES: Record<string, string> = {
  'is not over': `
    select id from runs where status not in ('completed', 'stopped', 'failed') or finished_at is null or lease_until is not null`,
  'has another end than its reply': `
    select r.id from runs r join messages m on m.id = r.reply_id where m.status <> r.status or m.run_id <> r.id`,
  'has not exactly one final reply to its question': `
    select q.run_id as id from messages q where q.role = 'user' and 1 <> (
      select count(*) from messages m where m.run_id = q.run_id and m.role = 'assistant' and m.position = q.position + 1
         and m.status in ('completed', 'stopped', 'failed'))`,
  'ended without a reason': `select id from runs where status <> 'completed' and (reason is null or reason_code is null)`,
  'still holds money': `
    select run_id as id from ledger l
     where status = 'held' or exists (select from ledger_holds h where h.ledger_id = l.id)`,
  'costs something else than its calls': `
    select id from runs r
     where cost_nano <> (select coalesce(sum(cost_nano), 0) from ledger l where l.run_id = r.id)`,
  'has a call of a tool without a result': `
    select run_id as id from tool_calls where status in ('pending', 'waiting', 'approved') or result is null`,
  'is not in its conversation’s sums': `
    select r.id from runs r join conversations c on c.id = r.conversation_id
     where c.cost_nano <> (select sum(cost_nano) from runs o where o.conversation_id = c.id)
        or c.message_count <> (select count(*) from messages m where m.conversation_id = c.id)`,
  'took its budget’s figures wrong': `
    select (select l.run_id from ledger l where l.business_id = b.business_id limit 1) as id
      from budgets b join budget_periods p on p.budget_id = b.id
     where p.held_nano <> 0 or p.spent_nano <> (
       select coalesce(sum(l.cost_nano), 0) from ledger l where l.business_id = b.business_id)`,
};

interface Call {
  id: string;
  runId: string;
  epoch: number;
  lastEpoch: number;
  outcome: string;
  providerRequestId: string | null;
}

const CALLS = `
  select l.id, l.run_id as "runId", l.epoch, r.epoch as "lastEpoch", l.outcome,
         l.provider_request_id as "providerRequestId"
    from ledger l join runs r on r.id = l.run_id`;

/** A call that never reached a provider: surely not sent, or its worker was killed before it sent it. */
const mayBeUnsent = ({ outcome, epoch, lastEpoch }: Call) =>
  outcome === 'unsent' || (outcome === 'unknown' && epoch < lastEpoch);

/** Requests at the sandbox and rows of the ledger, one to one by id: runs where they differ, and how. */
function wireProblems(calls: readonly Call[], requests: readonly LoggedRequest[]): [string, string][] {
  const byId = new Map(calls.map((call) => [call.id, call]));
  const seen = new Map<string, LoggedRequest>();
  const problems: [string, string][] = [];
  for (const request of requests) {
    const id = request.clientRequestId ?? '';
    const call = byId.get(id);
    if (!call) problems.push(['', `request ${request.requestId} (${id}) has no row in the ledger`]);
    else if (seen.has(id)) problems.push([call.runId, `call ${id} was sent twice`]);
    else if (call.outcome === 'unsent')
      problems.push([call.runId, `call ${id} was sent, and is booked as unsent`]);
    else if (call.providerRequestId !== null && call.providerRequestId !== request.requestId)
      problems.push([call.runId, `call ${id} has another request’s id`]);
    seen.set(id, request);
  }
  for (const call of calls) {
    if (!seen.has(call.id) && !mayBeUnsent(call))
      problems.push([
        call.runId,
        `call ${call.id} never reached the sandbox, and is booked as ${call.outcome}`,
      ]);
  }
  return problems;
}

/** Everything there is about a run, for whoever has to find out. */
async function rowsOf({ sql }: Platform, runId: string, requests: readonly LoggedRequest[]): Promise<string> {
  const read = (text: string) => sql(text, [runId]);
  const [run, reply, turns, calls, ledger] = await Promise.all([
    read(`select *, clock_timestamp() as now from runs where id = $1`),
    read(`select role, status, position, left(content, 80) as content from messages where run_id = $1`),
    read(
      `select turn, left(content, 80) as content, created_at from run_turns where run_id = $1 order by turn`,
    ),
    read(`select turn, place, name, status, left(result, 80) as result from tool_calls where run_id = $1`),
    read(`select id, epoch, turn, attempt, model_requested as model, status, outcome, error_code, hold_nano, cost_nano,
                 created_at, settled_at, provider_request_id from ledger where run_id = $1 order by created_at`),
  ]);
  const ids = new Set(ledger.map(({ id }) => id));
  const wire = requests
    .filter(({ clientRequestId }) => ids.has(clientRequestId))
    .map((request) => ({ ...request, body: undefined }));
  return JSON.stringify({ run, reply, turns, calls, ledger, wire }, null, 1);
}

/** So many runs are shown with all of their rows. */
const SHOWN = 3;

/** What is wrong with the platform's books now that all is over; empty where nothing is. */
export async function problemsOf(platform: Platform): Promise<string> {
  const [requests, calls] = await Promise.all([
    platform.sandbox.requests(),
    platform.sql(CALLS) as unknown as Promise<Call[]>,
  ]);
  const problems = wireProblems(calls, requests);
  for (const [rule, text] of Object.entries(RULES)) {
    for (const { id } of await platform.sql(text)) problems.push([String(id), rule]);
  }
  const lines = problems.map(([runId, problem]) => `run ${runId}: ${problem}`);
  const runIds = [...new Set(problems.map(([runId]) => runId))].filter((runId) => runId !== '');
  for (const runId of runIds.slice(0, SHOWN)) lines.push(await rowsOf(platform, runId, requests));
  return lines.join('\n');
}
