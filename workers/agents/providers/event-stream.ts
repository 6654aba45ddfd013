import { createParser, type EventSourceMessage } from 'eventsource-parser';
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { StreamFault } from './errors';

/** Largest single event, characters. The Responses API's last one holds the whole reply again, with the tools. */
const MAX_EVENT_LENGTH = 8_388_608;

/** Items that are read ahead of whoever takes them; past this the socket waits. */
const MAX_AHEAD = 1_000;

const CARRIAGE_RETURN = '\r';
const BYTE_ORDER_MARK = '\uFEFF';

/**
 * Reads a reply's body (server-sent events, WHATWG HTML 9.2): what came together is taken together.
 *
 * In place of the SDKs' own reading, which passes every piece through seven layers of streams and generators: that was
 * half of what a worker did for 200 replies at once.
 * @param itemOf what an event says; undefined where it says nothing. What it throws comes behind the items before it
 * @throws StreamFault, what ended the socket, and what `itemOf` throws
 */
export async function* readEventStream<Item>(
  body: Readable,
  itemOf: (event: EventSourceMessage) => Item | undefined,
): AsyncGenerator<Item[], void, undefined> {
  let items: Item[] = [];
  let failure: { error: unknown } | undefined;
  let isOver = false;
  let wake: () => void = () => undefined;
  const decoder = new StringDecoder('utf8');
  let isFirst = true;
  let last = '';
  const parser = createParser({
    maxBufferSize: MAX_EVENT_LENGTH,
    onEvent(event) {
      const item = itemOf(event);
      if (item !== undefined) items.push(item);
    },
    onError({ type }) {
      if (type === 'max-buffer-size-exceeded')
        throw new StreamFault('malformed', 'An event of the reply is too long.');
    },
  });
  const end = (error?: unknown): void => {
    if (error !== undefined) failure ??= { error };
    isOver = true;
    wake();
  };
  const feed = (piece: string): void => {
    // What stands behind a fault is not read.
    if (failure) return;
    try {
      parser.feed(piece);
    } catch (error) {
      end(error);
    }
  };
  body.on('data', (chunk: Buffer) => {
    const piece = decoder.write(chunk);
    if (piece !== '') {
      feed(isFirst && piece.startsWith(BYTE_ORDER_MARK) ? piece.slice(1) : piece);
      isFirst = false;
      last = piece.at(-1) ?? last;
    }
    if (items.length > MAX_AHEAD) body.pause();
    wake();
  });
  body.on('end', () => {
    // A line's end at the very end: the parser waits for the other half of CR LF.
    if (last === CARRIAGE_RETURN) feed('\n');
    end();
  });
  body.on('error', end);
  body.on('close', () => end());
  if (body.destroyed) end(body.errored ?? undefined);
  try {
    for (;;) {
      if (items.length > 0) {
        const taken = items;
        items = [];
        if (body.isPaused()) body.resume();
        yield taken;
      } else if (failure) throw failure.error;
      else if (isOver) return;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    // Where it was not read to its end, the connection is closed.
    body.destroy();
  }
}
