import type { Statement, Transaction } from '../../db/scope';
import { presentAgent, type AgentRow } from '../../domain/presenters/agent';
import type { SizedRows } from './changes';
import { sizedRows, upToBytes } from './large-text';
import { SYNC_DATA_BYTES } from './limits';
import type { Since } from './since';

const AGENTS: Statement = {
  name: 'sync-agents',
  text: upToBytes({
    text: 'a.system_prompt',
    bytes: '$4',
    order: 'a.xid',
    select: `a.id, a.business_id as "businessId", a.name, a.type, a.system_prompt as "systemPrompt", a.model,
             a.temperature, a.max_tokens as "maxTokens", a.tools, a.fallback_models as "fallbackModels", a.status,
             a.version, a.created_at as "createdAt", a.updated_at as "updatedAt"`,
    from: `agents a where a.business_id = $1 and a.xid >= $2::xid8 order by a.xid limit $3`,
  }),
};

/** Everyone in a business sees its agents. @returns undefined where their prompts are too large for an answer */
export async function changedAgents(
  tx: Transaction,
  { actor, xmin, limit }: Since,
): Promise<SizedRows | undefined> {
  const rows = await tx.query<AgentRow>(AGENTS, [actor.businessId, xmin, limit, SYNC_DATA_BYTES]);
  return sizedRows(
    rows,
    (row) => row.systemPrompt,
    (row) => ({ kind: 'agent', row: presentAgent(row) }),
  );
}
