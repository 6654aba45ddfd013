import type { IncomingHttpHeaders } from 'node:http';
import type { Dispatcher } from 'undici';

/** Largest error body that is read, bytes: a provider's error is a few hundred. */
const MAX_ERROR_BYTES = 65_536;

/** Largest single event, bytes. The Responses API's last one holds the whole reply again, with the tools. */
const MAX_EVENT_BYTES = 8_388_608;

/** Most that one reply may send, bytes: 128,000 tokens in events of their own, each of 300 bytes, five times over. */
const MAX_REPLY_BYTES = 200_000_000;

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

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

  private held: Buffer[] = [];
  private heldBytes = 0;
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
        this.isSent = true;
        this.onBytes();
        handler.onRequestStart?.(controller, context);
      },
      onRequestUpgrade: (controller, status, headers, socket) =>
        handler.onRequestUpgrade?.(controller, status, headers, socket),
      onResponseStart: (controller, status, headers, message) => {
        this.start(controller, status, headers);
        handler.onResponseStart?.(controller, status, headers, message);
      },
      onResponseData: (controller, chunk) => {
        this.onBytes();
        const whole = this.read(controller, chunk);
        if (whole) handler.onResponseData?.(controller, whole);
      },
      onResponseEnd: (controller, trailers) => {
        if (this.heldBytes > 0) handler.onResponseData?.(controller, this.takeHeld());
        handler.onResponseEnd?.(controller, trailers);
      },
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

  private read(controller: Controller, chunk: Buffer): Buffer | undefined {
    this.totalBytes += chunk.length;
    if (this.isRefused) {
      if (this.totalBytes > MAX_ERROR_BYTES) this.refuse(controller, 'The error is too long to be read.');
      return chunk;
    }
    if (this.totalBytes > MAX_REPLY_BYTES) this.refuse(controller, 'The reply is too long to be read.');
    return this.frame(controller, chunk);
  }

  /**
   * Holds an event back until it is whole. The SDKs copy and search everything they hold with every piece that comes:
   * for an event in many pieces that is quadratic, and someone's server could keep a worker busy with it.
   */
  private frame(controller: Controller, chunk: Buffer): Buffer | undefined {
    const before = this.held.at(-1)?.at(-1);
    this.held.push(chunk);
    this.heldBytes += chunk.length;
    if (endsAnEvent(before, chunk)) return this.takeHeld();
    if (this.heldBytes > MAX_EVENT_BYTES) this.refuse(controller, 'An event of the reply is too long.');
    return undefined;
  }

  private takeHeld(): Buffer {
    const whole = this.held.length === 1 && this.held[0] ? this.held[0] : Buffer.concat(this.held);
    this.held = [];
    this.heldBytes = 0;
    return whole;
  }

  private refuse(controller: Controller, reason: string): void {
    this.refusal ??= reason;
    this.held = [];
    this.heldBytes = 0;
    controller.abort(new Error(reason));
  }
}

/** Is there an empty line (LF LF, CR LF CR LF, or CR CR), begun perhaps with the piece before? */
function endsAnEvent(before: number | undefined, chunk: Buffer): boolean {
  const first = chunk[0];
  const continues = before === LINE_FEED || before === CARRIAGE_RETURN;
  // Too early by a byte does no harm: only what is forwarded when is decided here.
  if (continues && (first === LINE_FEED || first === CARRIAGE_RETURN)) return true;
  return chunk.includes('\n\n') || chunk.includes('\r\n\r\n') || chunk.includes('\r\r');
}
