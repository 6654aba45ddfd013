import type { Response, ResponseStreamEvent } from 'openai/resources/responses/responses';
import type { ReplyReader } from './call';
import { StreamFault } from './errors';
import { openAiItemOf } from './openai-events';
import type { ProviderEvent, StopReason } from './provider';
import { hiddenEvent, textEvent, textOf } from './text';
import { GrowingCalls } from './tool-calls';
import { usageOfResponses } from './usage/openai';

/**
 * Reads the Responses API's events. Complete with `response.completed` or `response.incomplete`; `response.failed` and
 * `error` end it with what was counted until then.
 */
export class OpenAiResponsesReader implements ReplyReader<ResponseStreamEvent> {
  model: string | undefined;
  private stopReason: StopReason | undefined;
  private isRefusal = false;
  private readonly calls = new GrowingCalls();

  get isComplete(): boolean {
    return this.stopReason !== undefined;
  }

  readonly itemOf = openAiItemOf<ResponseStreamEvent>;

  *read(event: ResponseStreamEvent): Iterable<ProviderEvent> {
    switch (event.type) {
      case 'response.created':
        this.model = textOf(event.response.model);
        return;
      case 'response.output_text.delta':
        return yield* textEvent(event.delta);
      case 'response.refusal.delta':
        this.isRefusal = true;
        return yield* textEvent(event.delta);
      case 'response.reasoning_text.delta':
      case 'response.reasoning_summary_text.delta':
      case 'response.function_call_arguments.delta':
        return yield* hiddenEvent(event.delta);
      case 'response.output_item.done':
        // A call that ran out of tokens is `incomplete`.
        if (event.item.type !== 'function_call' || event.item.status === 'incomplete') return;
        this.calls.append(this.calls.begin(event.item.call_id, event.item.name), event.item.arguments);
        return;
      case 'response.completed':
        yield* this.readResponse(event.response);
        this.stopReason = this.calls.any ? 'tool_calls' : this.isRefusal ? 'refusal' : 'end';
        return;
      case 'response.incomplete':
        yield* this.readResponse(event.response);
        this.stopReason = INCOMPLETE[event.response.incomplete_details?.reason ?? ''] ?? 'other';
        return;
      case 'response.failed':
        yield* this.readResponse(event.response);
        throw failed();
      case 'error':
        throw failed();
      default:
    }
  }

  *finish(): Iterable<ProviderEvent> {
    const stopReason = this.stopReason ?? 'other';
    yield* this.calls.finish(stopReason);
    yield { type: 'end', stopReason, model: this.model };
  }

  private *readResponse(response: Response): Iterable<ProviderEvent> {
    this.model = textOf(response.model) ?? this.model;
    if (response.usage) yield { type: 'usage', usage: usageOfResponses(response.usage) };
  }
}

const INCOMPLETE: Record<string, StopReason> = { max_output_tokens: 'max_tokens', content_filter: 'refusal' };

const failed = () => new StreamFault('stream_error', 'The provider broke its reply off with an error.');
