import { formatNano } from '../money/nano';

export interface AgentRow {
  id: string;
  businessId: string;
  name: string;
  type: 'assistant' | 'analyst' | 'optimizer' | 'custom';
  systemPrompt: string;
  model: string;
  temperature: number | null;
  maxTokens: number;
  tools: string[];
  fallbackModels: string[];
  status: 'active' | 'inactive';
  version: number;
  createdAt: Date;
  updatedAt: Date;
}

export interface PresentedAgent extends Omit<AgentRow, 'businessId' | 'createdAt' | 'updatedAt'> {
  createdAt: string;
  updatedAt: string;
}

export const presentAgent = (row: AgentRow): PresentedAgent => ({
  id: row.id,
  name: row.name,
  type: row.type,
  systemPrompt: row.systemPrompt,
  model: row.model,
  temperature: row.temperature,
  maxTokens: row.maxTokens,
  tools: row.tools,
  fallbackModels: row.fallbackModels,
  status: row.status,
  version: row.version,
  createdAt: row.createdAt.toISOString(),
  updatedAt: row.updatedAt.toISOString(),
});

/** What an agent has done in all; cost in nano-dollars. */
export interface AgentTotalsRow {
  runs: number;
  inputTokens: number;
  outputTokens: number;
  costNano: string;
  lastRunAt: Date | null;
}

export const presentAgentTotals = (row: AgentTotalsRow) => ({
  runs: row.runs,
  tokens: { input: row.inputTokens, output: row.outputTokens },
  cost: formatNano(BigInt(row.costNano)),
  lastRunAt: row.lastRunAt?.toISOString() ?? null,
});
