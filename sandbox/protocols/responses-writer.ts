import type {
  Response,
  ResponseFunctionToolCall,
  ResponseOutputMessage,
  ResponseOutputText,
  ResponseReasoningItem,
  ResponseStreamEvent,
  ResponseUsage,
} from 'openai/resources/responses/responses';
import { newId } from '../../lib/ids';
import type { Billed } from '../answer/billed';
import type { Piece, Stop } from '../answer/pieces';
import { failureMessage } from './openai';
import { reportedUsage, sse, type Call, type Writer } from './protocol';

/** OpenAI's input holds what was cached, and its output what was thought. */
function responseUsage(billed: Billed): ResponseUsage {
  const input = billed.input + billed.cached;
  const output = billed.output + billed.reasoning;
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: billed.cached },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: billed.reasoning },
    total_tokens: input + output,
  };
}

type Item = ResponseReasoningItem | ResponseOutputMessage | ResponseFunctionToolCall;
type Status = 'completed' | 'incomplete';
/** An event without its number, which is given when it goes out. */
type Unnumbered<T> = T extends unknown ? Omit<T, 'sequence_number'> : never;

const itemId = (prefix: string) => `${prefix}_${newId().replaceAll('-', '')}`;

export function responsesWriter(call: Call): Writer {
  const id = itemId('resp');
  const output: Item[] = [];
  /** Is the last item of `output` still being written? */
  let isOpen = false;
  let sequence = 0;
  const event = (data: Unnumbered<ResponseStreamEvent>) =>
    sse({ ...data, sequence_number: sequence++ }, data.type);

  const snapshot = (fields: Partial<Response>): Response =>
    ({
      id,
      object: 'response',
      created_at: call.createdAt,
      status: 'in_progress',
      background: false,
      error: null,
      incomplete_details: null,
      instructions: call.request.system || null,
      max_output_tokens: call.request.maxOutputTokens ?? null,
      model: call.request.model,
      output: [],
      parallel_tool_calls: true,
      previous_response_id: null,
      service_tier: 'default',
      store: false,
      temperature: 1,
      text: { format: { type: 'text' } },
      tool_choice: 'auto',
      tools: call.request.tools.map((tool) => ({ type: 'function' as const, strict: false, ...tool })),
      top_p: 1,
      truncation: 'disabled',
      metadata: {},
      usage: null,
      ...fields,
    }) as unknown as Response;

  /** The events that end the item under way. */
  function closeItem(status: Status): string {
    const item = output.at(-1);
    if (!isOpen || !item) return '';
    isOpen = false;
    const index = output.length - 1;
    item.status = status;
    const done = () => event({ type: 'response.output_item.done', output_index: index, item });
    if (item.type === 'reasoning') return done();
    if (item.type === 'message') return closeText(item, index, event) + done();
    const { name, arguments: text, id: item_id = '' } = item;
    const args = { type: 'response.function_call_arguments.done', item_id, output_index: index } as const;
    return event({ ...args, name, arguments: text }) + done();
  }

  function openItem(item: Item): string {
    const closed = closeItem('completed');
    isOpen = true;
    const index = output.push(item) - 1;
    return closed + event({ type: 'response.output_item.added', output_index: index, item });
  }

  function openText(): string {
    const item: ResponseOutputMessage = {
      id: itemId('msg'),
      type: 'message',
      status: 'in_progress',
      content: [],
      role: 'assistant',
    };
    const added = openItem(item);
    const part: ResponseOutputText = { type: 'output_text', annotations: [], logprobs: [], text: '' };
    item.content.push(part);
    const place = { item_id: item.id, output_index: output.length - 1, content_index: 0 };
    return added + event({ type: 'response.content_part.added', ...place, part });
  }

  function piece(given: Piece): string {
    const last = isOpen ? output.at(-1) : undefined;
    const output_index = output.length - 1;
    switch (given.kind) {
      case 'reasoning':
        if (last?.type === 'reasoning') return '';
        return openItem({ id: itemId('rs'), type: 'reasoning', summary: [] });
      case 'text': {
        if (last?.type !== 'message') return openText() + piece(given);
        (last.content[0] as ResponseOutputText).text += given.text;
        const place = { item_id: last.id, output_index, content_index: 0 };
        return event({ type: 'response.output_text.delta', ...place, delta: given.text, logprobs: [] });
      }
      case 'call': {
        const { id: call_id, name } = given.call;
        const status = 'in_progress';
        return openItem({ id: itemId('fc'), type: 'function_call', status, call_id, name, arguments: '' });
      }
      case 'arguments': {
        if (last?.type !== 'function_call') return '';
        last.arguments += given.text;
        const place = { item_id: last.id ?? '', output_index };
        return event({ type: 'response.function_call_arguments.delta', ...place, delta: given.text });
      }
    }
  }

  /** The finished response, and the events that led up to it. */
  function finish(stop: Stop, billed: Billed): { closing: string; response: Response } {
    const status = stop === 'max_tokens' ? 'incomplete' : 'completed';
    const closing = closeItem(status);
    const usage = reportedUsage(call, responseUsage(billed));
    const incomplete = status === 'incomplete' ? ({ reason: 'max_output_tokens' } as const) : null;
    const response = snapshot({ status, output, incomplete_details: incomplete, usage });
    return { closing, response };
  }

  return {
    open: () =>
      event({ type: 'response.created', response: snapshot({}) }) +
      event({ type: 'response.in_progress', response: snapshot({}) }),
    piece,
    end(stop, billed) {
      const { closing, response } = finish(stop, billed);
      const type = stop === 'max_tokens' ? 'response.incomplete' : 'response.completed';
      return closing + event({ type, response });
    },
    error: () => event({ type: 'error', code: 'server_error', message: failureMessage(), param: null }),
    failed(billed) {
      const error = { code: 'server_error', message: failureMessage() } as const;
      const usage = reportedUsage(call, responseUsage(billed));
      return event({
        type: 'response.failed',
        response: snapshot({ status: 'failed', output, error, usage }),
      });
    },
    whole: (stop, billed) => finish(stop, billed).response,
  };
}

function closeText(
  item: ResponseOutputMessage,
  output_index: number,
  event: (data: Unnumbered<ResponseStreamEvent>) => string,
): string {
  const part = item.content[0] as ResponseOutputText;
  const place = { item_id: item.id, output_index, content_index: 0 };
  return (
    event({ type: 'response.output_text.done', ...place, text: part.text, logprobs: [] }) +
    event({ type: 'response.content_part.done', ...place, part })
  );
}
