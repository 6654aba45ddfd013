import type {
  Message,
  MessageDeltaUsage,
  RawMessageStreamEvent,
  TextBlock,
  ThinkingBlock,
  ToolUseBlock,
  Usage,
} from '@anthropic-ai/sdk/resources/messages';
import { newId } from '../../lib/ids';
import type { Billed } from '../answer/billed';
import type { Piece, Stop } from '../answer/pieces';
import { reportedUsage, sse, type Call, type Writer } from './protocol';

const STOP_REASON = {
  end: 'end_turn',
  tool_calls: 'tool_use',
  max_tokens: 'max_tokens',
} as const satisfies Record<Stop, string>;

/** Anthropic's input excludes the cache, and its output holds what was thought. */
function deltaUsage(billed: Billed): MessageDeltaUsage {
  return {
    input_tokens: billed.input,
    cache_creation_input_tokens: billed.cacheWrite5m + billed.cacheWrite1h,
    cache_read_input_tokens: billed.cached,
    output_tokens: billed.output + billed.reasoning,
    output_tokens_details: { thinking_tokens: billed.reasoning },
    server_tool_use: null,
  };
}

function messageUsage(billed: Billed): Usage {
  return {
    ...deltaUsage(billed),
    input_tokens: billed.input,
    cache_creation: {
      ephemeral_5m_input_tokens: billed.cacheWrite5m,
      ephemeral_1h_input_tokens: billed.cacheWrite1h,
    },
    inference_geo: null,
    service_tier: 'standard',
    speed: null,
  };
}

type Block = TextBlock | ThinkingBlock | ToolUseBlock;

export function anthropicWriter(call: Call): Writer {
  const id = `msg_${newId().replaceAll('-', '')}`;
  const content: Block[] = [];
  /** Is the last block of `content` still being written? */
  let isOpen = false;
  /** The open tool use's input as JSON text; a block holds it parsed. */
  let inputJson = '';
  const event = (data: RawMessageStreamEvent) => sse(data, data.type);
  const delta = (change: Extract<RawMessageStreamEvent, { type: 'content_block_delta' }>['delta']) =>
    event({ type: 'content_block_delta', index: content.length - 1, delta: change });

  const message = (stop: Stop | null, usage: Usage | undefined) =>
    ({
      id,
      type: 'message',
      role: 'assistant',
      model: call.request.model,
      content: stop ? content : [],
      container: null,
      diagnostics: null,
      stop_reason: stop && STOP_REASON[stop],
      stop_details: null,
      stop_sequence: null,
      usage: usage as Usage,
    }) satisfies Message;

  function closeBlock(): string {
    const block = content.at(-1);
    if (!isOpen || !block) return '';
    isOpen = false;
    const signed = block.type === 'thinking' ? delta({ type: 'signature_delta', signature: SIGNATURE }) : '';
    if (block.type === 'thinking') block.signature = SIGNATURE;
    if (block.type === 'tool_use') block.input = parseInput(inputJson);
    return signed + event({ type: 'content_block_stop', index: content.length - 1 });
  }

  function openBlock(block: Block): string {
    const closed = closeBlock();
    isOpen = true;
    inputJson = '';
    const index = content.push(block) - 1;
    return closed + event({ type: 'content_block_start', index, content_block: block });
  }

  function piece(given: Piece): string {
    const last = isOpen ? content.at(-1) : undefined;
    switch (given.kind) {
      case 'reasoning':
        if (last?.type !== 'thinking')
          return openBlock({ type: 'thinking', thinking: '', signature: '' }) + piece(given);
        last.thinking += given.text;
        return delta({ type: 'thinking_delta', thinking: given.text });
      case 'text':
        if (last?.type !== 'text')
          return openBlock({ type: 'text', text: '', citations: null }) + piece(given);
        last.text += given.text;
        return delta({ type: 'text_delta', text: given.text });
      case 'call': {
        const { id: callId, name } = given.call;
        return openBlock({ type: 'tool_use', id: callId, name, input: {}, caller: { type: 'direct' } });
      }
      case 'arguments':
        inputJson += given.text;
        return delta({ type: 'input_json_delta', partial_json: given.text });
    }
  }

  const error = () =>
    sse({ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }, 'error');

  return {
    open(billed) {
      // As Anthropic does: the first token is counted from the start, and later counts include it.
      const usage = reportedUsage(call, messageUsage({ ...billed, output: 1 }));
      return event({ type: 'message_start', message: message(null, usage) }) + sse({ type: 'ping' }, 'ping');
    },
    piece,
    end(stop, billed) {
      const closed = closeBlock();
      const usage = reportedUsage(call, deltaUsage(billed)) as MessageDeltaUsage;
      const change = {
        container: null,
        stop_details: null,
        stop_reason: STOP_REASON[stop],
        stop_sequence: null,
      };
      return (
        closed + event({ type: 'message_delta', delta: change, usage }) + event({ type: 'message_stop' })
      );
    },
    error,
    failed: error,
    whole(stop, billed) {
      closeBlock();
      return message(stop, reportedUsage(call, messageUsage(billed)));
    },
  };
}

const SIGNATURE = 'c2FuZGJveA==';

/** Outside of a stream Anthropic gives the input parsed: malformed JSON can't be said there. */
function parseInput(json: string): unknown {
  try {
    return JSON.parse(json || '{}');
  } catch {
    return {};
  }
}
