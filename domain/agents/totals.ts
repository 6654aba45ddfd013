import type { Knex } from 'knex';
import type { AgentTotalsRow } from '../presenters/agent';

const NONE: AgentTotalsRow = { runs: 0, inputTokens: 0, outputTokens: 0, costNano: '0', lastRunAt: null };

/** What an agent has done in all. */
export async function totalsOf(trx: Knex.Transaction, agentId: string): Promise<AgentTotalsRow> {
  const row: AgentTotalsRow | undefined = await trx('agent_totals')
    .where('agent_id', agentId)
    .first(
      'runs',
      'input_tokens as inputTokens',
      'output_tokens as outputTokens',
      trx.raw('cost_nano::text as "costNano"'),
      'last_run_at as lastRunAt',
    );
  return row ?? NONE;
}
