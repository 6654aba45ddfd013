import type { Settled } from '../money/settle';
import type { RunRow } from '../presenters/conversation';
import type { OwnProvider } from '../providers/own';
import type { Actor } from '../roles';
import type { SaidMessage } from './said';

export const RUN_STATUSES = ['queued', 'running', 'waiting', 'completed', 'stopped', 'failed'] as const;
/** `waiting`: for the person's word on a tool call that writes. The last three are final. */
export type RunStatus = (typeof RUN_STATUSES)[number];
export type FinalStatus = 'completed' | 'stopped' | 'failed';

export const MESSAGE_STATUSES = ['pending', 'streaming', 'completed', 'stopped', 'failed'] as const;
export type MessageStatus = (typeof MESSAGE_STATUSES)[number];

/** The names of the tools there are; an agent has some of them. */
export const TOOL_NAMES = ['search', 'analysis', 'reporting', 'automation'] as const;
export type ToolName = (typeof TOOL_NAMES)[number];

/** An agent as a run uses it. Models are `<provider>/<model>`. */
export interface RunAgent {
  id: string;
  name: string;
  systemPrompt: string;
  model: string;
  fallbackModels: string[];
  temperature: number | null;
  maxTokens: number;
  tools: ToolName[];
  /** The business's own provider of `model`; null where it has none of that name. */
  ownProvider: OwnProvider | null;
}

/** A run in a worker's hands. Every write of it names the epoch; one that is not the newest is refused. */
export interface ClaimedRun {
  id: string;
  businessId: string;
  conversationId: string;
  messageId: string;
  replyId: string;
  position: number;
  epoch: number;
  /** Workers it has taken down. */
  crashes: number;
  deadlineAt: Date;
  stopRequested: boolean;
  requestId: string;
  /** What the person wrote. */
  question: string;
  /** What was said before it; null where that is much: whoever needs it loads what fits. */
  said: SaidMessage[] | null;
  /** The row as the claim left it. */
  asClaimed: RunRow;
  /** Who asked, with the role they have now: tools act with their rights. undefined: no longer a member. */
  actor: Actor | undefined;
  /** undefined where it was deleted or is inactive. */
  agent: RunAgent | undefined;
  timezone: string;
  locale: string;
  /** Calls that earlier holders left unsettled, booked in full now: what they crossed is to be announced. */
  settled: Settled[];
}

/** What the writes of a run name. */
export type HeldRun = Pick<ClaimedRun, 'businessId' | 'id' | 'epoch'>;

export const TOOL_CALL_STATUSES = ['pending', 'waiting', 'approved', 'declined', 'done', 'failed'] as const;
export type ToolCallStatus = (typeof TOOL_CALL_STATUSES)[number];

export interface ToolCallRow {
  id: string;
  turn: number;
  /** Its place among the turn's calls, from 0. */
  place: number;
  providerCallId: string;
  name: string;
  /** JSON text as the model wrote it. */
  arguments: string;
  status: ToolCallStatus;
  /** What a person is asked to confirm, in their words. */
  summary: string | null;
  /** What the model is given. */
  result: string | null;
}

/** A finished turn that called tools. */
export interface TurnRow {
  turn: number;
  content: string;
  toolCalls: ToolCallRow[];
}
