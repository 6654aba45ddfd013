import type { EventSourceMessage } from 'eventsource-parser';
import { StreamFault } from './errors';

/**
 * What an event of OpenAI's protocols says, as its SDK reads it: `[DONE]` says nothing, and an `error` in place of an
 * item ends the reply.
 * @throws StreamFault; SyntaxError where it is not JSON
 */
export function openAiItemOf<Item>({ data }: EventSourceMessage): Item | undefined {
  if (data.startsWith('[DONE]')) return undefined;
  const item = JSON.parse(data) as (Item & { error?: unknown }) | null;
  if (item?.error) throw new StreamFault('stream_error', 'The provider broke its reply off with an error.');
  return item as Item;
}
