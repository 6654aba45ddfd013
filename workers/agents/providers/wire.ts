import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';

/** Largest error body that is read, bytes: a provider's error is a few hundred. */
const MAX_ERROR_BYTES = 65_536;

/** Most that one reply may send, bytes: 128,000 tokens in events of their own, each of 300 bytes, five times over. */
const MAX_REPLY_BYTES = 200_000_000;

type Handler = Dispatcher.DispatchHandler;
type Controller = Dispatcher.DispatchController;

/**
 * Watches one request where it meets the socket, below fetch and SDK, which hide what matters for the bill: whether a
 * byte was sent, and which error ended the connection. Also a wall against servers that send without end.
 */
export class Wire {
  /** The request was handed to a connected socket. Before that the other side can't have seen any of it. */
  isSent = false;
  /** Of the final answer (not 1xx). */
  status: number | undefined;
  headers: IncomingHttpHeaders = {};
  /** What ended the connection, as the socket or the HTTP parser said it. */
  error: unknown;
  /** Why we refuse to read on, for a person. */
  refusal: string | undefined;

  private totalBytes = 0;

  /**
   * @param onBytes headers or a piece of the body came
   * @param onErrorStatus the answer is not a success
   */
  constructor(
    private readonly onBytes: () => void,
    private readonly onErrorStatus: () => void,
  ) {}

  readonly interceptor =
    (dispatch: Dispatcher['dispatch']): Dispatcher['dispatch'] =>
    (options, handler) =>
      dispatch(options, this.around(handler));

  get isRefused(): boolean {
    return this.status !== undefined && (this.status < 200 || this.status >= 300);
  }

  private around(handler: Handler): Handler {
    return {
      onRequestStart: (controller, context) => {
        handler.onRequestStart?.(controller, context);
        // Aborted while it waited for a connection: nothing goes out.
        if (controller.aborted) return;
        this.isSent = true;
        this.onBytes();
      },
      onRequestUpgrade: (controller, status, headers, socket) =>
        handler.onRequestUpgrade?.(controller, status, headers, socket),
      onResponseStart: (controller, status, headers, message) => {
        this.start(controller, status, headers);
        handler.onResponseStart?.(controller, status, headers, message);
      },
      onResponseData: (controller, chunk) => {
        this.onBytes();
        this.count(controller, chunk.length);
        handler.onResponseData?.(controller, chunk);
      },
      onResponseEnd: (controller, trailers) => handler.onResponseEnd?.(controller, trailers),
      onResponseError: (controller, error) => {
        this.error = error;
        handler.onResponseError?.(controller, error);
      },
    };
  }

  private start(controller: Controller, status: number, headers: IncomingHttpHeaders): void {
    this.onBytes();
    if (status < 200) return;
    this.status = status;
    this.headers = headers;
    if (this.isRefused) this.onErrorStatus();
    // We asked for none. Some kilobytes can unfold to gigabytes, so it isn't taken either.
    const coding = headers['content-encoding'] ?? 'identity';
    if (coding !== 'identity') this.refuse(controller, 'The provider compressed its answer unasked.');
  }

  private count(controller: Controller, bytes: number): void {
    this.totalBytes += bytes;
    if (this.isRefused && this.totalBytes > MAX_ERROR_BYTES)
      this.refuse(controller, 'The error is too long to be read.');
    if (this.totalBytes > MAX_REPLY_BYTES) this.refuse(controller, 'The reply is too long to be read.');
  }

  private refuse(controller: Controller, reason: string): void {
    this.refusal ??= reason;
    controller.abort(new Error(reason));
  }
}
