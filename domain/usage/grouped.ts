import type { Database } from '../../db/database';
import { tenantStatement, type Statement } from '../../db/scope';
import { formatNano } from '../money/nano';
import type { Span } from './span';

export const USAGE_GROUPS = ['day', 'model', 'agent', 'user'] as const;
export type UsageGroup = (typeof USAGE_GROUPS)[number];

/** Settled calls summed up. Tokens are in buckets that do not overlap; cost is nano-dollars as text. */
interface UsageRow {
  /** The day, the model's name, the agent's or person's id; null where that is not known any more. */
  key: string | null;
  name: string | null;
  calls: number;
  estimatedCalls: number;
  input: number;
  cachedInput: number;
  cacheWrite: number;
  output: number;
  reasoning: number;
  costNano: string;
}

// Sums of what servers claim to have counted may pass any integer type: double precision holds them all.
const SUMS = `
  count(l.id)::int as calls, count(l.id) filter (where l.estimated)::int as "estimatedCalls",
  coalesce(sum(l.input), 0)::float8 as input, coalesce(sum(l.cache_read), 0)::float8 as "cachedInput",
  (coalesce(sum(l.cache_write_5m), 0) + coalesce(sum(l.cache_write_1h), 0))::float8 as "cacheWrite",
  coalesce(sum(l.output_text), 0)::float8 as output, coalesce(sum(l.output_reasoning), 0)::float8 as reasoning,
  coalesce(sum(l.cost_nano), 0)::text as "costNano"`;

const WITHIN = `l.business_id = current_business() and l.status = 'settled' and l.created_at >= $1 and l.created_at < $2`;
const DEAREST_FIRST = 'order by sum(l.cost_nano) desc, 1';

/** $1 and $2: the span's instants; by day also its days and zone. */
const STATEMENTS: Record<UsageGroup, Statement> = {
  day: {
    name: 'usage-by-day',
    text: `select d::date::text as key, null as name, ${SUMS}
             from generate_series($3::date, $4::date, interval '1 day') d
             left join ledger l on ${WITHIN} and (l.created_at at time zone $5)::date = d::date
            group by d order by d`,
  },
  model: {
    name: 'usage-by-model',
    text: `select l.provider || '/' || l.model_requested as key, null as name, ${SUMS}
             from ledger l where ${WITHIN} group by 1 ${DEAREST_FIRST}`,
  },
  agent: {
    name: 'usage-by-agent',
    text: `select l.agent_id as key, max(a.name) as name, ${SUMS}
             from ledger l left join agents a on a.id = l.agent_id where ${WITHIN}
            group by l.agent_id ${DEAREST_FIRST}`,
  },
  user: {
    name: 'usage-by-user',
    text: `select l.user_id as key, max(u.name) as name, ${SUMS}
             from ledger l left join users u on u.id = l.user_id where ${WITHIN}
            group by l.user_id ${DEAREST_FIRST}`,
  },
};

export interface PresentedUsage {
  key: string | null;
  /** The agent's or person's; null where they are gone, and where the key says it all. */
  name: string | null;
  calls: number;
  /** Of them, those whose provider did not tell what it counted. */
  estimatedCalls: number;
  tokens: { input: number; cachedInput: number; cacheWrite: number; output: number; reasoning: number };
  /** US dollars, exact to the nano-dollar. */
  cost: string;
}

/** What a business's settled calls used and cost: by day of its calendar (days without a call, too), or dearest first. */
export async function usageBy(
  db: Database,
  businessId: string,
  group: UsageGroup,
  span: Span,
): Promise<PresentedUsage[]> {
  const days = group === 'day' ? [span.from, span.to, span.timezone] : [];
  const values = [span.start, span.end, ...days];
  const rows = await tenantStatement<UsageRow>(db, businessId, STATEMENTS[group], values);
  return rows.map(({ key, name, calls, estimatedCalls, costNano, ...tokens }) => ({
    key,
    name,
    calls,
    estimatedCalls,
    tokens,
    cost: formatNano(BigInt(costNano)),
  }));
}
