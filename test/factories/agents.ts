import type { Actor } from '../../domain/roles';
import { newId } from '../../lib/ids';

type Sql = (text: string, values?: readonly unknown[]) => Promise<unknown>;

/** Adds an agent to the actor's business and gives its id. `sql` is the tables' owner's. */
export async function addAgent(
  sql: Sql,
  { businessId, userId }: Actor,
  { status = 'active' }: { status?: 'active' | 'inactive' } = {},
): Promise<string> {
  const id = newId();
  await sql(
    `insert into agents (id, business_id, name, type, system_prompt, model, temperature, max_tokens, tools,
                         fallback_models, status, created_by)
     values ($1, $2, 'Ada', 'analyst', 'Be brief.', 'sandbox/small', 0.5, 500, '{search,automation}',
             '{sandbox/large}', $3, $4)`,
    [id, businessId, status, userId],
  );
  return id;
}

/** An agent that follows the script in the message it is asked, with whatever columns a test wants. Gives its id. */
export async function addScriptedAgent(
  sql: Sql,
  businessId: string,
  columns: Record<string, unknown> = {},
): Promise<string> {
  const row = {
    id: newId(),
    business_id: businessId,
    name: 'Ada',
    type: 'analyst',
    system_prompt: 'Be brief.',
    model: 'sandbox/sandbox-script',
    max_tokens: 1_000,
    tools: '{}',
    ...columns,
  };
  const names = Object.keys(row);
  const places = names.map((_, index) => `$${index + 1}`);
  await sql(`insert into agents (${names.join(', ')}) values (${places.join(', ')})`, Object.values(row));
  return row.id;
}

/** A call of a run that was made and booked; buckets of tokens and cost are what a test wants. */
export async function addSettledCall(
  sql: Sql,
  run: { businessId: string; id: string; conversationId: string },
  {
    input = 0,
    cacheRead = 0,
    cacheWrite = 0,
    output = 0,
    reasoning = 0,
    costNano = 0n,
    estimated = false,
  } = {},
): Promise<void> {
  await sql(
    `insert into ledger (id, business_id, run_id, conversation_id, epoch, turn, attempt, provider, model_requested,
                         request_id, status, outcome, input, cache_read, cache_write_5m, output_text,
                         output_reasoning, output_cap, hold_nano, cost_nano, estimated, settled_at)
     values ($1, $2, $3, $4, 1, 1, 1, 'sandbox', 'small', 'r', 'settled', 'completed', $5, $6, $7, $8, $9, 100,
             1000, $10, $11, now())`,
    [
      newId(),
      run.businessId,
      run.id,
      run.conversationId,
      input,
      cacheRead,
      cacheWrite,
      output,
      reasoning,
      costNano,
      estimated,
    ],
  );
}
