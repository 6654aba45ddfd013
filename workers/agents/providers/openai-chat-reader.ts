import type { ChatCompletionChunk } from 'openai/resources/chat/completions';
import type { ReplyReader } from './call';
import type { ProviderEvent, StopReason } from './provider';
import { openAiItemOf } from './openai-events';
import { hiddenEvent, isJsonObject, textEvent, textOf } from './text';
import { type GrowingCall, GrowingCalls } from './tool-calls';
import { usageOfChat } from './usage/openai';

const STOP_REASONS: Record<string, StopReason> = {
  stop: 'end',
  length: 'max_tokens',
  tool_calls: 'tool_calls',
  function_call: 'tool_calls',
  content_filter: 'refusal',
};

/** What servers add to a delta: DeepSeek, vLLM (`reasoning_content`), Ollama, OpenRouter (`reasoning`). */
type Delta = ChatCompletionChunk.Choice.Delta & { reasoning_content?: unknown; reasoning?: unknown };

/** A piece of a call. Servers leave out `index`, `id` or both, and give `arguments` as an object. */
interface CallPiece {
  index?: unknown;
  id?: unknown;
  function?: { name?: unknown; arguments?: unknown } | null;
}

/**
 * Reads Chat Completions chunks as OpenAI and the servers that imitate it send them. Complete with a `finish_reason`:
 * `[DONE]` says no more. Usage may come with the last choice, after it, or in every chunk.
 */
export class OpenAiChatReader implements ReplyReader<ChatCompletionChunk> {
  model: string | undefined;
  private finishReason: string | undefined;
  private readonly calls = new GrowingCalls();
  private readonly byIndex = new Map<number, GrowingCall>();

  get isComplete(): boolean {
    return this.finishReason !== undefined;
  }

  readonly itemOf = openAiItemOf<ChatCompletionChunk>;

  *read(chunk: ChatCompletionChunk): Iterable<ProviderEvent> {
    this.model = textOf(chunk.model) ?? this.model;
    const choice = chunk.choices?.find((each) => (each.index ?? 0) === 0);
    if (choice?.delta) yield* this.readDelta(choice.delta);
    this.finishReason = textOf(choice?.finish_reason) ?? this.finishReason;
    if (chunk.usage) yield { type: 'usage', usage: usageOfChat(chunk.usage) };
  }

  *finish(): Iterable<ProviderEvent> {
    const given = STOP_REASONS[this.finishReason ?? ''] ?? 'other';
    // Ollama and others say `stop` where they called a tool.
    const stopReason = given === 'end' && this.calls.any ? 'tool_calls' : given;
    yield* this.calls.finish(stopReason);
    yield { type: 'end', stopReason, model: this.model };
  }

  private *readDelta(delta: Delta): Iterable<ProviderEvent> {
    yield* hiddenEvent(delta.reasoning_content ?? delta.reasoning);
    yield* textEvent(delta.content);
    yield* textEvent(delta.refusal);
    for (const piece of (delta.tool_calls ?? []) as CallPiece[]) yield* this.readPiece(piece);
  }

  private *readPiece(piece: CallPiece): Iterable<ProviderEvent> {
    const name = textOf(piece.function?.name);
    const given = piece.function?.arguments ?? '';
    const text = typeof given === 'string' ? given : JSON.stringify(given);
    const call = this.callOf(piece, name);
    call.name ??= name;
    this.calls.append(call, text);
    yield* hiddenEvent(`${name ?? ''}${text}`);
  }

  /** The call a piece belongs to, by its id, else by its index, else the last one; a new one where none fits. */
  private callOf(piece: CallPiece, name: string | undefined): GrowingCall {
    const id = textOf(piece.id);
    const index = typeof piece.index === 'number' ? piece.index : undefined;
    const candidate =
      id !== undefined
        ? (this.calls.find((call) => call.id === id) ?? this.idless(index))
        : index !== undefined
          ? this.byIndex.get(index)
          : this.calls.find(() => true);
    // A name that comes again after whole arguments begins another call: whole calls under one index, without ids.
    const isAnother = id === undefined && name !== undefined && isJsonObject(candidate?.arguments ?? '');
    const call = candidate && !isAnother ? candidate : this.calls.begin(id, name);
    call.id ??= id;
    if (index !== undefined) this.byIndex.set(index, call);
    return call;
  }

  /** A call whose id comes late. */
  private idless(index: number | undefined): GrowingCall | undefined {
    const call = index === undefined ? undefined : this.byIndex.get(index);
    return call?.id === undefined ? call : undefined;
  }
}
