import { formatNano } from '../money/nano';
import type { CallOutcome } from '../money/settlement';

/** A row of the ledger: one request to a provider. Amounts are bigint nano-dollars as text. */
export interface CallRow {
  id: string;
  runId: string | null;
  conversationId: string | null;
  agentId: string | null;
  userId: string | null;
  purpose: 'reply' | 'title';
  attempt: number;
  provider: string;
  model: string;
  modelServed: string | null;
  providerRequestId: string | null;
  requestId: string;
  status: 'held' | 'settled';
  outcome: CallOutcome | null;
  stopReason: string | null;
  errorCode: string | null;
  input: number | null;
  cacheRead: number | null;
  cacheWrite5m: number | null;
  cacheWrite1h: number | null;
  outputText: number | null;
  outputReasoning: number | null;
  outputCap: number;
  holdNano: string;
  costNano: string;
  estimated: boolean;
  overrun: boolean;
  createdAt: Date;
  settledAt: Date | null;
}

/** Columns of a {@link CallRow}, of the ledger `l`. */
export const CALL_COLUMNS = `
  l.id, l.run_id as "runId", l.conversation_id as "conversationId", l.agent_id as "agentId", l.user_id as "userId",
  l.purpose, l.attempt, l.provider, l.model_requested as model, l.model_served as "modelServed",
  l.provider_request_id as "providerRequestId", l.request_id as "requestId", l.status, l.outcome,
  l.stop_reason as "stopReason", l.error_code as "errorCode", l.input, l.cache_read as "cacheRead",
  l.cache_write_5m as "cacheWrite5m", l.cache_write_1h as "cacheWrite1h", l.output_text as "outputText",
  l.output_reasoning as "outputReasoning", l.output_cap as "outputCap", l.hold_nano::text as "holdNano",
  l.cost_nano::text as "costNano", l.estimated, l.overrun, l.created_at as "createdAt", l.settled_at as "settledAt"`;

/** What a provider counted, in buckets that do not overlap; null where it did not say. */
export interface PresentedTokens {
  input: number | null;
  cachedInput: number | null;
  cacheWrite: number | null;
  output: number | null;
  reasoning: number | null;
}

export interface PresentedCall extends Omit<
  CallRow,
  | 'input'
  | 'cacheRead'
  | 'cacheWrite5m'
  | 'cacheWrite1h'
  | 'outputText'
  | 'outputReasoning'
  | 'holdNano'
  | 'costNano'
  | 'model'
  | 'createdAt'
  | 'settledAt'
> {
  /** `<provider>/<model>`, as it was asked for. */
  model: string;
  tokens: PresentedTokens;
  /** The most that it could cost: US dollars. */
  hold: string;
  /** What it cost: US dollars, exact to the nano-dollar. "0" while it is under way. */
  cost: string;
  createdAt: string;
  settledAt: string | null;
}

const sum = (a: number | null, b: number | null) => (a === null && b === null ? null : (a ?? 0) + (b ?? 0));

export const presentCall = (row: CallRow): PresentedCall => ({
  id: row.id,
  runId: row.runId,
  conversationId: row.conversationId,
  agentId: row.agentId,
  userId: row.userId,
  purpose: row.purpose,
  attempt: row.attempt,
  provider: row.provider,
  model: `${row.provider}/${row.model}`,
  modelServed: row.modelServed,
  providerRequestId: row.providerRequestId,
  requestId: row.requestId,
  status: row.status,
  outcome: row.outcome,
  stopReason: row.stopReason,
  errorCode: row.errorCode,
  tokens: {
    input: row.input,
    cachedInput: row.cacheRead,
    cacheWrite: sum(row.cacheWrite5m, row.cacheWrite1h),
    output: row.outputText,
    reasoning: row.outputReasoning,
  },
  outputCap: row.outputCap,
  hold: formatNano(BigInt(row.holdNano)),
  cost: formatNano(BigInt(row.costNano)),
  estimated: row.estimated,
  overrun: row.overrun,
  createdAt: row.createdAt.toISOString(),
  settledAt: row.settledAt?.toISOString() ?? null,
});
