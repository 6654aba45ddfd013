import type { EventSourceMessage } from 'eventsource-parser';
import type { Readable } from 'node:stream';
import type { Connection } from './connection';
import { type Ending, providerRequestIdOf, StreamFault, toProviderError } from './errors';
import { readEventStream } from './event-stream';
import { IdleTimeout } from './idle-timeout';
import type { Network, ProviderFetchOptions, Route } from './network';
import { OutputCap } from './output-cap';
import type { ProviderEvent, ProviderRequest, Reading } from './provider';
import { Wire } from './wire';

/** Time for an error's body, ms. The status says most; the body is a few hundred bytes behind it. */
const ERROR_BODY_MS = 5_000;

/** Time between a reply's terminal marker and the end of the answer, ms: usage may still come in it. */
const TRAILER_MS = 5_000;

/** What an SDK's method takes besides the body. */
export interface CallOptions {
  signal: AbortSignal;
  headers: Record<string, string>;
  fetchOptions: ProviderFetchOptions;
}

/** Turns one protocol's stream items into events. */
export interface ReplyReader<Item> {
  /**
   * What a server-sent event says; undefined: nothing.
   * @throws StreamFault where it says that the reply failed; SyntaxError where it is not JSON
   */
  itemOf(event: EventSourceMessage): Item | undefined;
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

/** Sends the request by the SDK, which throws where the answer is not a success. */
type Send = (options: CallOptions) => Promise<unknown>;

/**
 * One call: the way to the wire, the idle timeout, the caller's abort, the demand for a terminal marker, and every
 * error as a ProviderError. What fails after the marker doesn't matter any more.
 */
export async function* callProvider<Item>(
  request: ProviderRequest,
  setup: CallSetup,
  reader: ReplyReader<Item>,
  send: Send,
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
    let body: Readable | undefined;
    await send({
      signal: over.signal,
      headers: { 'X-Client-Request-Id': request.requestId },
      fetchOptions: {
        dispatcher: route.connection.client.compose(wire.interceptor),
        takeBody(answered) {
          body = answered;
          // Before anyone reads it, too, it may break.
          answered.on('error', () => undefined);
        },
      },
    });
    if (!body) throw new StreamFault('malformed', 'The provider answered with nothing.');
    demandEventStream(wire);
    const cap = setup.honoursOutputCap ? undefined : new OutputCap(request.maxOutputTokens);
    // Where we cut the reply ourselves, what came while it was held would be put out, and billed, beyond the cap.
    if (!cap) request.onAnswer?.(readingOf(route.connection, over.signal));
    // Whoever counts pieces is told of each; otherwise text that came together takes its way to the reply together.
    const append = cap ? appendEach : appendJoined;
    for await (const events of readReply(body, { reader, append }, wire, () => idle.endWithin(TRAILER_MS))) {
      // Nothing waits for the provider while the caller works on an event.
      idle.pause();
      for (const event of events) {
        yield event;
        if (await cap?.isExceededBy(event))
          return yield { type: 'end', stopReason: 'max_tokens', model: reader.model, isCut: true };
      }
      idle.resume();
    }
  } catch (error) {
    throw toProviderError(error, wire, ending, setup.idleTimeoutMs);
  } finally {
    request.signal.removeEventListener('abort', onAbort);
    idle.stop();
    // Closes the connection where the reply wasn't read to its end; otherwise it waits for the next call.
    over.abort();
    route?.connection.release();
    route?.close();
  }
}

/** Behind the call's end the connection is another's. */
const readingOf = (connection: Connection, over: AbortSignal): Reading => ({
  hold: () => {
    if (!over.aborted) connection.hold();
  },
  release: () => {
    if (!over.aborted) connection.release();
  },
});

/** What came together is told together. */
async function* readReply<Item>(
  body: Readable,
  { reader, append }: { reader: ReplyReader<Item>; append: Append },
  wire: Wire,
  onComplete: () => void,
): AsyncGenerator<ProviderEvent[], void, undefined> {
  yield [{ type: 'accepted', providerRequestId: providerRequestIdOf(wire) }];
  try {
    for await (const items of readEventStream(body, (event) => reader.itemOf(event))) {
      const { events, fault } = readItems(reader, items, append);
      if (events.length > 0) yield events;
      if (fault) throw fault.error;
      if (reader.isComplete) onComplete();
    }
  } catch (error) {
    if (!reader.isComplete) throw error;
  }
  if (!reader.isComplete) throw new StreamFault('cut', "The provider's reply broke off.");
  yield [...reader.finish()];
}

/** A fault comes with the events before it. */
function readItems<Item>(
  reader: ReplyReader<Item>,
  items: readonly Item[],
  append: Append,
): { events: ProviderEvent[]; fault?: { error: unknown } } {
  const events: ProviderEvent[] = [];
  try {
    for (const item of items) for (const event of reader.read(item)) append(events, event);
    return { events };
  } catch (error) {
    return { events, fault: { error } };
  }
}

type Append = (events: ProviderEvent[], event: ProviderEvent) => void;

const appendEach: Append = (events, event) => void events.push(event);

const appendJoined: Append = (events, event) => {
  const last = events.at(-1);
  if (last?.type === 'text' && event.type === 'text') last.text += event.text;
  else events.push(event);
};

/** Some servers answer 200 with JSON or a page, in which no event would be found. */
function demandEventStream(wire: Wire): void {
  const type = wire.headers['content-type'] ?? '';
  if (!/\b(?:json|html)\b/i.test(type)) return;
  throw new StreamFault('malformed', "The provider's answer is not a stream of events.");
}
