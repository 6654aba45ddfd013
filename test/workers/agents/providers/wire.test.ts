import type { Dispatcher } from 'undici';
import { Wire } from '../../../../workers/agents/providers/wire';

/** What reaches the SDK of a body that comes in these pieces, and why it was broken off. */
function play(pieces: string[], status = 200): { read: string[]; aborts: string[]; wire: Wire } {
  const read: string[] = [];
  const aborts: string[] = [];
  const wire = new Wire(
    () => undefined,
    () => undefined,
  );
  const abort = (reason: Error): void => void aborts.push(reason.message);
  const controller = { abort } as Dispatcher.DispatchController;
  const dispatch: Dispatcher['dispatch'] = (_options, handler) => {
    handler.onRequestStart?.(controller, {});
    handler.onResponseStart?.(controller, status, {});
    for (const piece of pieces)
      if (aborts.length === 0) handler.onResponseData?.(controller, Buffer.from(piece));
    handler.onResponseEnd?.(controller, {});
    return true;
  };
  wire.interceptor(dispatch)(
    { path: '/', method: 'POST' },
    { onResponseData: (_controller, chunk) => void read.push(chunk.toString()) },
  );
  return { read, aborts, wire };
}

const KILOBYTE = 'x'.repeat(1_024);

test.each([
  ['an error', 500, [KILOBYTE], 65],
  ['a reply', 200, [`${KILOBYTE.repeat(1_024)}\n\n`], 191],
])('%s is read for so long and no longer', (_what, status, [piece = ''], pieces) => {
  const within = play(Array<string>(pieces - 1).fill(piece), status);
  expect(within.aborts).toEqual([]);
  const beyond = play(Array<string>(pieces + 10).fill(piece), status);
  expect(beyond.aborts).toEqual([expect.stringMatching(/too long/)]);
  expect(beyond.wire.refusal).toBe(beyond.aborts[0]);
});

test('what is aborted while it waits for a connection is not sent', () => {
  const wire = new Wire(
    () => undefined,
    () => undefined,
  );
  const controller = {
    aborted: false,
    abort() {
      this.aborted = true;
    },
  };
  const dispatch: Dispatcher['dispatch'] = (_options, handler) => {
    handler.onRequestStart?.(controller as unknown as Dispatcher.DispatchController, {});
    return true;
  };
  const start = (handler: Dispatcher.DispatchHandler) =>
    wire.interceptor(dispatch)({ path: '/', method: 'POST' }, handler);
  start({ onRequestStart: (given) => given.abort(new Error('stopped')) });
  expect(wire.isSent).toBe(false);
  controller.aborted = false;
  start({});
  expect(wire.isSent).toBe(true);
});
