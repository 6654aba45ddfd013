import type { Dispatcher } from 'undici';
import { type Ending, providerRequestIdOf, StreamFault, toProviderError } from './errors';
import { IdleTimeout } from './idle-timeout';
import type { Network, Route } from './network';
import { OutputCap } from './output-cap';
import type { ProviderEvent, ProviderRequest } from './provider';
import { Wire } from './wire';

/** Time for an error's body, ms. The status says most; the body is a few hundred bytes behind it. */
const ERROR_BODY_MS = 5_000;

/** Time between a reply's terminal marker and the end of the answer, ms: usage may still come in it. */
const TRAILER_MS = 5_000;

/** What an SDK's method takes besides the body. */
export interface CallOptions {
  signal: AbortSignal;
  headers: Record<string, string>;
  fetchOptions: { dispatcher: Dispatcher };
}

/** Turns one protocol's stream items into events. */
export interface ReplyReader<Item> {
  /** @throws StreamFault for what the protocol doesn't allow or calls an error; any other error is `malformed` */
  read(item: Item): Iterable<ProviderEvent>;
  /** The terminal marker was read. */
  readonly isComplete: boolean;
  /** What is known only at the end, the `end` event last. */
  finish(): Iterable<ProviderEvent>;
  /** Which model replies, once the provider has said it. */
  readonly model: string | undefined;
}

export interface CallSetup {
  network: Network;
  idleTimeoutMs: number;
  honoursOutputCap: boolean;
}

/** Sends the request by the SDK. */
type Send<Item> = (options: CallOptions) => Promise<{ data: AsyncIterable<Item> }>;

/**
 * One call: the way to the wire, the idle timeout, the caller's abort, the demand for a terminal marker, and every
 * error as a ProviderError. What fails after the marker doesn't matter any more.
 */
export async function* callProvider<Item>(
  request: ProviderRequest,
  setup: CallSetup,
  reader: ReplyReader<Item>,
  send: Send<Item>,
): AsyncGenerator<ProviderEvent, void, undefined> {
  const over = new AbortController();
  let ending: Ending;
  const end = (by: Ending): void => {
    ending ??= by;
    over.abort();
  };
  const onAbort = (): void => end('aborted');
  const idle = new IdleTimeout(setup.idleTimeoutMs, () => end('stalled'));
  const wire = new Wire(
    () => idle.touch(),
    () => idle.endWithin(ERROR_BODY_MS),
  );
  let route: Route | undefined;
  request.signal.addEventListener('abort', onAbort, { once: true });
  if (request.signal.aborted) onAbort();
  try {
    route = await setup.network.route(over.signal);
    const { data } = await send({
      signal: over.signal,
      headers: { 'X-Client-Request-Id': request.requestId },
      fetchOptions: { dispatcher: route.dispatcher.compose(wire.interceptor) },
    });
    demandEventStream(wire);
    const events = readReply(data, reader, wire, () => idle.endWithin(TRAILER_MS));
    const cap = setup.honoursOutputCap ? undefined : new OutputCap(request.maxOutputTokens);
    for await (const event of events) {
      // Nothing waits for the provider while the caller works on an event.
      idle.pause();
      yield event;
      idle.resume();
      if (await cap?.isExceededBy(event))
        return yield { type: 'end', stopReason: 'max_tokens', model: reader.model, isCut: true };
    }
  } catch (error) {
    throw toProviderError(error, wire, ending, setup.idleTimeoutMs);
  } finally {
    request.signal.removeEventListener('abort', onAbort);
    idle.stop();
    // Closes the connection where the reply wasn't read to its end; otherwise it waits for the next call.
    over.abort();
    route?.close();
  }
}

async function* readReply<Item>(
  items: AsyncIterable<Item>,
  reader: ReplyReader<Item>,
  wire: Wire,
  onComplete: () => void,
): AsyncGenerator<ProviderEvent, void, undefined> {
  yield { type: 'accepted', providerRequestId: providerRequestIdOf(wire) };
  try {
    for await (const item of items) {
      yield* reader.read(item);
      if (reader.isComplete) onComplete();
    }
  } catch (error) {
    if (!reader.isComplete) throw error;
  }
  // Both SDKs end a stream that was cut or aborted as one that is complete.
  if (!reader.isComplete) throw new StreamFault('cut', "The provider's reply broke off.");
  yield* reader.finish();
}

/** Some servers answer 200 with JSON or a page; the SDKs read an empty stream in it. */
function demandEventStream(wire: Wire): void {
  const type = wire.headers['content-type'] ?? '';
  if (!/\b(?:json|html)\b/i.test(type)) return;
  throw new StreamFault('malformed', "The provider's answer is not a stream of events.");
}
