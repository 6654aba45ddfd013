import type { Behaviour } from '../control/behaviour';
import { sinceLastUser, type SandboxRequest, type ToolCall } from '../request';
import { newToolCallId } from './call-id';
import { obey, textOf } from './obey';
import { moments, filler, type Answer } from './pieces';

/**
 * What goes out: the model's own answer, changed as the behaviour says.
 * @param own computed only where nothing stands in for it
 */
export function planAnswer(
  request: SandboxRequest,
  behaviour: Behaviour,
  cap: number,
  own: () => Answer,
): Answer {
  if (behaviour.obeys) return obey(request, behaviour.obeys);
  const toolCalls = calledFor(request, behaviour);
  if (behaviour.moments !== undefined) return { text: moments(behaviour.moments), toolCalls };
  const text = textFor(behaviour, cap);
  if (text !== undefined) return { text, toolCalls };
  return toolCalls.length > 0 ? { text: '', toolCalls } : own();
}

function calledFor(request: SandboxRequest, { toolCalls, whileToolResultsBelow }: Behaviour): ToolCall[] {
  if (!toolCalls) return [];
  const results = sinceLastUser(request).filter((message) => message.role === 'tool').length;
  if (whileToolResultsBelow !== undefined && results >= whileToolResultsBelow) return [];
  return toolCalls.map((call) => ({
    id: newToolCallId(request),
    name: call.name,
    arguments: textOf(call.arguments),
  }));
}

function textFor({ text, outputTokens, useWholeCap, fault }: Behaviour, cap: number): string | undefined {
  if (text !== undefined) return text;
  if (outputTokens !== undefined) return filler(outputTokens);
  // One more than may go out: so the cap ends it.
  if (useWholeCap) return filler(cap + 1);
  return fault === 'ignore_cap' ? filler(2 * cap) : undefined;
}
