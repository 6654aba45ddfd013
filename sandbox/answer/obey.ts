import { sinceLastUser, type SandboxRequest } from '../request';
import { newToolCallId } from './call-id';
import type { Answer } from './pieces';

/** What stands in front of an order, which is base64url of `{"name", "arguments"}`: it survives any quoting. */
export const ORDER_MARKER = '#obey ';
const ORDER = new RegExp(`${ORDER_MARKER}([\\w-]+)`, 'g');
/** Orders followed in one turn: some more than a careful platform takes. */
const MAX_ORDERS = 20;

interface Order {
  name: string;
  arguments: string;
}

/**
 * Follows every order that stands anywhere in the context, whoever wrote it, each once; then it says all that tools
 * gave it.
 */
export function obey(request: SandboxRequest): Answer {
  const since = sinceLastUser(request);
  const done = new Set(
    since.flatMap((message) => (message.role === 'assistant' ? message.toolCalls.map(keyOf) : [])),
  );
  const texts = [request.system, ...request.messages.map(({ text }) => text)];
  const orders = new Map(texts.flatMap(ordersIn).map((order) => [keyOf(order), order]));
  const open = [...orders].filter(([key]) => !done.has(key)).slice(0, MAX_ORDERS);
  if (open.length > 0 && request.tools.length > 0) {
    return { text: '', toolCalls: open.map(([, order]) => ({ id: newToolCallId(request), ...order })) };
  }
  const told = since.flatMap((message) => (message.role === 'tool' ? [message.text] : []));
  return { text: ['All done.', ...told].join('\n'), toolCalls: [] };
}

const keyOf = ({ name, arguments: args }: Order): string => `${name} ${args}`;

function ordersIn(text: string): Order[] {
  return [...text.matchAll(ORDER)].flatMap(([, encoded = '']) => {
    try {
      const order = JSON.parse(Buffer.from(encoded, 'base64url').toString()) as {
        name: string;
        arguments: unknown;
      };
      return [{ name: order.name, arguments: JSON.stringify(order.arguments) }];
    } catch {
      // Cut off on its way here.
      return [];
    }
  });
}
