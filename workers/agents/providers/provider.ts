import type { TokenUsage } from '../../../domain/money/usage';

/** A tool as a model is told of it. `parameters` is a JSON Schema of type object. */
export interface ToolDefinition {
  name: string;
  description: string;
  parameters: Record<string, unknown>;
}

export interface ToolCall {
  /** The provider's id of the call; its result goes back under it. */
  id: string;
  name: string;
  /** JSON text exactly as the model wrote it: it may be malformed. */
  arguments: string;
}

/** One entry of the context. An `assistant` with tool calls is followed by one `tool` entry per call, in order. */
export type ContextMessage =
  | { role: 'user'; content: string }
  | { role: 'assistant'; content: string; toolCalls: readonly ToolCall[] }
  | { role: 'tool'; toolCallId: string; content: string; isError: boolean };

export interface ProviderRequest {
  /** The provider's own name of the model (without our provider prefix). */
  model: string;
  system: string;
  messages: readonly ContextMessage[];
  tools: readonly ToolDefinition[];
  /** Cap on everything the model may put out, reasoning included, tokens. */
  maxOutputTokens: number;
  /** undefined: the model's default (some models refuse the parameter). */
  temperature: number | undefined;
  /** The ledger row's id; goes out as `X-Client-Request-Id`, so that both sides can find the call. */
  requestId: string;
  /** Abort closes the connection to the provider at once. */
  signal: AbortSignal;
  /** Is handed the answer's reading as it begins, to hold it now and then; not where we cut the reply at its cap. */
  onAnswer?: (reading: Reading) => void;
}

/**
 * The reading of an answer, to be held for moments only: the idle timeout goes on, and of a call that is broken off
 * meanwhile nobody counts what was held back (domain/money/estimate adds 64 tokens for what is on its way).
 */
export interface Reading {
  hold(): void;
  /** What has come is read at once. */
  release(): void;
}

export type StopReason = 'end' | 'tool_calls' | 'max_tokens' | 'refusal' | 'other';

export type ProviderEvent =
  /** The provider accepted the request (2xx headers came): from here on it may bill. */
  | { type: 'accepted'; providerRequestId: string | undefined }
  | { type: 'text'; text: string }
  /** Output that isn't the reply came: reasoning, or a piece of a tool call's arguments. `bytes` of it, UTF-8. */
  | { type: 'hidden'; bytes: number }
  /** A whole tool call; comes once per call, when its arguments are complete. Its bytes came as `hidden` before. */
  | { type: 'tool_call'; call: ToolCall }
  /** The latest known usage, cumulative; may come more than once, the last counts. */
  | { type: 'usage'; usage: TokenUsage }
  /**
   * The protocol's own terminal marker was read. A stream without it is a ProviderError. `isCut`: there was none, we
   * closed the connection of a server that ignores the cap; its usage is not known to the end.
   */
  | { type: 'end'; stopReason: StopReason; model: string | undefined; isCut?: true };

/**
 * What the other side did to a call, for the ledger:
 * `unsent`: no byte of the request reached it (connect refused, DNS); costs nothing.
 * `refused`: it answered with an error status before accepting; costs nothing.
 * `ambiguous`: the request went out and what was billed is unknown (timeout, cut, reset, an error in mid-stream).
 */
export type CallFate = 'unsent' | 'refused' | 'ambiguous';

export class ProviderError extends Error {
  readonly code: ProviderErrorCode;
  readonly fate: CallFate;
  readonly status: number | undefined;
  readonly providerRequestId: string | undefined;
  /** Earliest next try, ms from now, where the provider asked for it (Retry-After). */
  readonly retryAfterMs: number | undefined;

  /** @param message for a person: what went wrong, without keys, URLs of ours, or the provider's raw body */
  constructor(
    code: ProviderErrorCode,
    message: string,
    options: {
      fate: CallFate;
      status?: number | undefined;
      providerRequestId?: string | undefined;
      retryAfterMs?: number | undefined;
      cause?: unknown;
    },
  ) {
    super(message, { cause: options.cause });
    this.name = 'ProviderError';
    this.code = code;
    this.fate = options.fate;
    this.status = options.status;
    this.providerRequestId = options.providerRequestId;
    this.retryAfterMs = options.retryAfterMs;
  }

  /** May the same call, or a fallback model, succeed? Never true for what is wrong with the request or the key. */
  get isTransient(): boolean {
    return TRANSIENT.has(this.code);
  }
}

export type ProviderErrorCode =
  | 'unreachable'
  | 'rate_limited'
  | 'overloaded'
  | 'server_error'
  /** Nothing came for IDLE_TIMEOUT_MS, before or after the headers. */
  | 'stalled'
  /** The stream ended or broke without its terminal marker, or was not the protocol. */
  | 'cut'
  | 'malformed'
  /** The provider reported an error in mid-stream. */
  | 'stream_error'
  | 'unauthorized'
  | 'unknown_model'
  | 'context_too_long'
  | 'bad_request'
  | 'aborted';

const TRANSIENT: ReadonlySet<ProviderErrorCode> = new Set([
  'unreachable',
  'rate_limited',
  'overloaded',
  'server_error',
  'stalled',
  'cut',
  'malformed',
  'stream_error',
]);

/** One configured provider, through its official SDK. */
export interface Provider {
  /**
   * Sends one request and yields what comes. Ends with an `end` event, or throws.
   * No retries of its own: one call of this is at most one request on the wire.
   * @throws ProviderError and nothing else
   */
  stream(request: ProviderRequest): AsyncIterable<ProviderEvent>;
  /**
   * The UTF-8 bytes of the request's text as this protocol sends it, template slack included: an upper bound of its
   * input tokens (architecture.md, "A hold that cannot overshoot").
   */
  inputBound(request: Omit<ProviderRequest, 'signal' | 'requestId' | 'maxOutputTokens'>): number;
}
