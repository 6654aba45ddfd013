import type { TurnRow } from '../../domain/runs/types';
import type { Group } from './context';
import { errorText } from './tools/result';

/** A call that has no result though its run is over: a provider refuses a call without one. */
const NO_RESULT = errorText('This was not done: the reply ended before.');

/** A finished turn as a model is shown it: what it said and called, and what came of each call. */
export const turnGroup = ({ content, toolCalls }: TurnRow): Group => [
  {
    role: 'assistant',
    content,
    toolCalls: toolCalls.map((call) => ({
      id: call.providerCallId,
      name: call.name,
      arguments: call.arguments,
    })),
  },
  ...toolCalls.map((call) => ({
    role: 'tool' as const,
    toolCallId: call.providerCallId,
    content: call.result ?? NO_RESULT,
    isError: call.status !== 'done',
  })),
];
