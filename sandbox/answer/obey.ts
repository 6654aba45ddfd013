import type { ScriptedCall } from '../control/behaviour';
import { sinceLastUser, type SandboxRequest } from '../request';
import { newToolCallId } from './call-id';
import type { Answer } from './pieces';

/** Behind it stands an order's name: short, so that it survives what cuts texts on their way to a model. */
const ORDER = /obey (\w+)/g;

/**
 * Follows every order that stands anywhere in the context, whoever wrote it, each once; then it says all that tools
 * gave it.
 * @param orders by their names
 */
export function obey(request: SandboxRequest, orders: Record<string, ScriptedCall>): Answer {
  const since = sinceLastUser(request);
  const made = since.flatMap((message) => (message.role === 'assistant' ? message.toolCalls : []));
  const done = new Set(made.map(keyOf));
  const texts = [request.system, ...request.messages.map(({ text }) => text)];
  const names = new Set(texts.flatMap((text) => [...text.matchAll(ORDER)].map(([, name = '']) => name)));
  const open = Object.entries(orders).flatMap(([name, order]) => {
    const call = { name: order.name, arguments: textOf(order.arguments) };
    return names.has(name) && !done.has(keyOf(call)) ? [{ id: newToolCallId(request), ...call }] : [];
  });
  if (open.length > 0 && request.tools.length > 0) return { text: '', toolCalls: open };
  const told = since.flatMap((message) => (message.role === 'tool' ? [message.text] : []));
  return { text: ['All done.', ...told].join('\n'), toolCalls: [] };
}

/** A call's arguments as they stand in a context. */
export const textOf = (args: ScriptedCall['arguments']): string =>
  typeof args === 'string' ? args : JSON.stringify(args);

const keyOf = (call: { name: string; arguments: string }): string => `${call.name} ${call.arguments}`;
