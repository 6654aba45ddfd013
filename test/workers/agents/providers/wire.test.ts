import type { Dispatcher } from 'undici';
import { Wire } from '../../../../workers/agents/providers/wire';

/** What reaches the SDK of a body that comes in these pieces. */
function forwarded(pieces: string[]): string[] {
  const read: string[] = [];
  const wire = new Wire(
    () => undefined,
    () => undefined,
  );
  const controller = { abort: () => undefined } as unknown as Dispatcher.DispatchController;
  const dispatch: Dispatcher['dispatch'] = (_options, handler) => {
    handler.onRequestStart?.(controller, {});
    handler.onResponseStart?.(controller, 200, {});
    for (const piece of pieces) handler.onResponseData?.(controller, Buffer.from(piece));
    handler.onResponseEnd?.(controller, {});
    return true;
  };
  wire.interceptor(dispatch)(
    { path: '/', method: 'POST' },
    {
      onResponseData: (_controller, chunk) => void read.push(chunk.toString()),
    },
  );
  return read;
}

// Whoever holds an unfinished event copies and searches it again with every piece: an event of 8 MB in pieces of
// 100 bytes would keep a process busy for minutes.
test('an event reaches the SDK whole, however small its pieces', () => {
  const event = `data: ${'x'.repeat(10_000)}\n\n`;
  expect(forwarded(event.split(''))).toHaveLength(1);
  expect(forwarded(event.split('')).join('')).toBe(event);
});

test.each(['\n\n', '\r\n\r\n', '\r\r'])('an event is not held back behind its end (%j)', (end) => {
  expect(forwarded([`data: 1${end}`, `data: 2${end}`])).toEqual([`data: 1${end}`, `data: 2${end}`]);
});

test('what stands behind the last event comes with the end', () => {
  expect(forwarded(['data: 1\n\n', 'data', ': 2'])).toEqual(['data: 1\n\n', 'data: 2']);
});
