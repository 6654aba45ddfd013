import { formatNano } from '../money/nano';
import type { MessageStatus, RunStatus, ToolCallStatus } from '../runs/types';

export interface ConversationRow {
  id: string;
  businessId: string;
  userId: string;
  agentId: string | null;
  title: string;
  messageCount: number;
  inputTokens: number;
  outputTokens: number;
  /** bigint as text. */
  costNano: string;
  lastMessageAt: Date;
  version: number;
  createdAt: Date;
  updatedAt: Date;
}

export interface PresentedConversation {
  id: string;
  agentId: string | null;
  title: string;
  messageCount: number;
  tokens: { input: number; output: number };
  /** US dollars, a decimal exact to the nano-dollar. */
  cost: string;
  lastMessageAt: string;
  version: number;
  createdAt: string;
  updatedAt: string;
}

export const presentConversation = (row: ConversationRow): PresentedConversation => ({
  id: row.id,
  agentId: row.agentId,
  title: row.title,
  messageCount: row.messageCount,
  tokens: { input: row.inputTokens, output: row.outputTokens },
  cost: formatNano(BigInt(row.costNano)),
  lastMessageAt: row.lastMessageAt.toISOString(),
  version: row.version,
  createdAt: row.createdAt.toISOString(),
  updatedAt: row.updatedAt.toISOString(),
});

export interface MessageRow {
  id: string;
  conversationId: string;
  runId: string | null;
  role: 'user' | 'assistant';
  content: string;
  status: MessageStatus;
  position: number;
  version: number;
  createdAt: Date;
}

export interface PresentedMessage extends Omit<MessageRow, 'createdAt'> {
  createdAt: string;
}

export const presentMessage = (row: MessageRow): PresentedMessage => ({
  id: row.id,
  conversationId: row.conversationId,
  runId: row.runId,
  role: row.role,
  content: row.content,
  status: row.status,
  position: row.position,
  version: row.version,
  createdAt: row.createdAt.toISOString(),
});

/** A tool call that waits for the person's word. */
export interface PendingConfirmation {
  toolCallId: string;
  tool: string;
  /** What would be done, for a person. */
  summary: string;
}

/** A tool call of a run, as far as it is the person's to know. */
export interface PresentedToolCall {
  id: string;
  tool: string;
  /** `waiting`: for the person's word. `declined`: by it. */
  status: ToolCallStatus;
}

export interface RunRow {
  id: string;
  conversationId: string;
  agentId: string | null;
  messageId: string;
  replyId: string;
  status: RunStatus;
  reasonCode: string | null;
  reason: string | null;
  epoch: number;
  model: string | null;
  inputTokens: number;
  cachedInputTokens: number;
  cacheWriteTokens: number;
  outputTokens: number;
  reasoningTokens: number;
  /** bigint as text. */
  costNano: string;
  estimated: boolean;
  confirmations: PendingConfirmation[];
  toolCalls: PresentedToolCall[];
  startedAt: Date | null;
  finishedAt: Date | null;
  version: number;
  createdAt: Date;
}

export interface PresentedRun {
  id: string;
  conversationId: string;
  agentId: string | null;
  messageId: string;
  replyId: string;
  status: RunStatus;
  /** Why it ended as it did, for a person; null while it has not, and where it simply completed. */
  reason: { code: string; message: string } | null;
  /** Grows when another worker takes over: text of an earlier epoch is void, load the message again. */
  epoch: number;
  /** `<provider>/<model>` that was used last. */
  model: string | null;
  /** true where the answer comes from the built-in sandbox and not from a language model. */
  sandbox: boolean;
  tokens: { input: number; cachedInput: number; cacheWrite: number; output: number; reasoning: number };
  cost: string;
  /** true where a provider did not say what it counted, and part of the cost is our estimate. */
  estimated: boolean;
  confirmations: PendingConfirmation[];
  /** What the agent did or wants to do, in order. A call's end shows with the run's next change. */
  toolCalls: PresentedToolCall[];
  startedAt: string | null;
  finishedAt: string | null;
  version: number;
  createdAt: string;
}

export const presentRun = (row: RunRow): PresentedRun => ({
  id: row.id,
  conversationId: row.conversationId,
  agentId: row.agentId,
  messageId: row.messageId,
  replyId: row.replyId,
  status: row.status,
  reason: row.reasonCode ? { code: row.reasonCode, message: row.reason ?? row.reasonCode } : null,
  epoch: row.epoch,
  model: row.model,
  sandbox: row.model?.startsWith('sandbox/') ?? false,
  tokens: {
    input: row.inputTokens,
    cachedInput: row.cachedInputTokens,
    cacheWrite: row.cacheWriteTokens,
    output: row.outputTokens,
    reasoning: row.reasoningTokens,
  },
  cost: formatNano(BigInt(row.costNano)),
  estimated: row.estimated,
  confirmations: row.confirmations,
  toolCalls: row.toolCalls,
  startedAt: row.startedAt?.toISOString() ?? null,
  finishedAt: row.finishedAt?.toISOString() ?? null,
  version: row.version,
  createdAt: row.createdAt.toISOString(),
});
