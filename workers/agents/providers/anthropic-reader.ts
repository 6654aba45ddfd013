import type { RawMessageStreamEvent } from '@anthropic-ai/sdk/resources/messages';
import type { EventSourceMessage } from 'eventsource-parser';
import type { ReplyReader } from './call';
import { StreamFault } from './errors';
import type { ProviderEvent, StopReason } from './provider';
import { hiddenEvent, textEvent, textOf } from './text';
import { type GrowingCall, GrowingCalls } from './tool-calls';
import { AnthropicUsage } from './usage/anthropic';

const STOP_REASONS: Record<string, StopReason> = {
  end_turn: 'end',
  stop_sequence: 'end',
  tool_use: 'tool_calls',
  max_tokens: 'max_tokens',
  // The window was full before the cap was reached: to a reader the same.
  model_context_window_exceeded: 'max_tokens',
  refusal: 'refusal',
};

/** Reads Anthropic's events. Complete with `message_stop`; `error` ends it early. */
export class AnthropicReader implements ReplyReader<RawMessageStreamEvent> {
  model: string | undefined;
  isComplete = false;
  private stopReason: StopReason = 'other';
  private readonly usage = new AnthropicUsage();
  private readonly calls = new GrowingCalls();
  private readonly byIndex = new Map<number, GrowingCall>();

  /** As its SDK reads them: pings and what has no name say nothing, `error` ends the reply. */
  itemOf({ event, data }: EventSourceMessage): RawMessageStreamEvent | undefined {
    if (event === undefined || event === 'ping') return undefined;
    if (event === 'error') {
      throw new StreamFault('stream_error', 'The provider broke its reply off with an error.');
    }
    return JSON.parse(data) as RawMessageStreamEvent;
  }

  *read(event: RawMessageStreamEvent): Iterable<ProviderEvent> {
    switch (event.type) {
      case 'message_start':
        this.model = textOf(event.message.model);
        return yield* this.readUsage(event.message.usage);
      case 'content_block_start':
        return yield* this.readBlock(event);
      case 'content_block_delta':
        return yield* this.readDelta(event);
      case 'message_delta':
        this.stopReason = STOP_REASONS[event.delta.stop_reason ?? ''] ?? 'other';
        return yield* this.readUsage(event.usage);
      case 'message_stop':
        this.isComplete = true;
        return;
      case 'content_block_stop':
      default:
    }
  }

  *finish(): Iterable<ProviderEvent> {
    yield* this.calls.finish(this.stopReason);
    yield { type: 'end', stopReason: this.stopReason, model: this.model };
  }

  private *readUsage(usage: unknown): Iterable<ProviderEvent> {
    if (usage) yield { type: 'usage', usage: this.usage.add(usage) };
  }

  private *readBlock({
    index,
    content_block: block,
  }: RawMessageStreamEvent & { type: 'content_block_start' }): Iterable<ProviderEvent> {
    if (block.type === 'text') return yield* textEvent(block.text);
    if (block.type !== 'tool_use') return;
    const call = this.calls.begin(textOf(block.id), textOf(block.name));
    this.byIndex.set(index, call);
    yield* hiddenEvent(block.name);
    // Empty here, and filled by deltas; some gateways give it whole.
    const isWhole = typeof block.input === 'object' && Object.keys(block.input ?? {}).length > 0;
    if (isWhole) yield* this.append(call, JSON.stringify(block.input));
  }

  private *readDelta({
    index,
    delta,
  }: RawMessageStreamEvent & { type: 'content_block_delta' }): Iterable<ProviderEvent> {
    if (delta.type === 'text_delta') return yield* textEvent(delta.text);
    if (delta.type === 'thinking_delta') return yield* hiddenEvent(delta.thinking);
    if (delta.type !== 'input_json_delta') return;
    const call = this.byIndex.get(index);
    if (call) yield* this.append(call, delta.partial_json);
  }

  private *append(call: GrowingCall, piece: string): Iterable<ProviderEvent> {
    this.calls.append(call, piece);
    yield* hiddenEvent(piece);
  }
}
