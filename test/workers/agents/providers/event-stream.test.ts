import { Readable } from 'node:stream';
import { readEventStream } from '../../../../workers/agents/providers/event-stream';

/** A body whose pieces come one by one. */
const bodyOf = (pieces: Iterable<string | Buffer>): Readable =>
  Readable.from(
    (function* () {
      for (const piece of pieces) yield Buffer.from(piece);
    })(),
  );

/** What is read of a body that comes in these pieces, batch by batch, and how it ended. */
async function read(
  pieces: Iterable<string | Buffer>,
  itemOf: (data: string) => unknown = (data) => data,
): Promise<{ batches: unknown[][]; error?: unknown }> {
  const batches: unknown[][] = [];
  try {
    for await (const items of readEventStream(Readable.from(pieces), ({ data }) => itemOf(data)))
      batches.push(items);
    return { batches };
  } catch (error) {
    return { batches, error };
  }
}

const KILOBYTE = 'x'.repeat(1_024);

test('what comes together is taken together, and events alone as they come', async () => {
  const body = new Readable({ read: () => undefined });
  body.push(Buffer.from('data: 1\n\ndata: 2\n\n'));
  const reading = readEventStream(body, ({ data }) => data);
  expect((await reading.next()).value).toEqual(['1', '2']);
  body.push(Buffer.from('data: 3\n\n'));
  expect((await reading.next()).value).toEqual(['3']);
  body.push(null);
  expect(await reading.next()).toEqual({ done: true, value: undefined });
});

test.each(['\n', '\r\n', '\r'])('lines may end with %j, also at the very end', async (end) => {
  const { batches } = await read([`event: a${end}data: 1${end}${end}`, `: ping${end}data: 2${end}${end}`]);
  expect(batches.flat()).toEqual(['1', '2']);
});

test('a character and an event in pieces are whole', async () => {
  const event = Buffer.from('\uFEFFdata: 😀 and more\n\n');
  const bytes = Array.from(event, (byte) => Buffer.from([byte]));
  expect(await read(bytes)).toEqual({ batches: [['😀 and more']] });
});

test('what stands behind the last whole event is nothing', async () => {
  expect(await read(['data: 1\n\n', 'data', ': 2', '\n'])).toEqual({ batches: [['1']] });
});

test('a fault comes behind what was read before it, and ends the reading', async () => {
  const parse = (data: string): unknown => JSON.parse(data);
  const { batches, error } = await read(['data: 1\n\ndata: {\n\ndata: 2\n\n', 'data: 3\n\n'], parse);
  expect(batches).toEqual([[1]]);
  expect(error).toBeInstanceOf(SyntaxError);
});

test('an event is read up to 8 MB, in time that grows with its length alone', async () => {
  // An event of 8 MB in pieces of 100 bytes: searched again with every piece, it would take hours.
  const pieces = Array<string>(80_000).fill('x'.repeat(100));
  const { batches } = await read(['data: ', ...pieces, '\n\n']);
  expect(String(batches[0]?.[0])).toHaveLength(8_000_000);
  const { error } = await read(['data: ', ...Array<string>(8_193).fill(KILOBYTE), '\n\n']);
  expect(error).toMatchObject({ code: 'malformed', message: expect.stringMatching(/too long/) });
});

test('a body that broke before anyone read it is an error, not an end', async () => {
  const body = new Readable({ read: () => undefined });
  body.on('error', () => undefined);
  body.destroy(new Error('reset'));
  await new Promise((resolve) => body.once('close', resolve));
  const reading = readEventStream(body, ({ data }) => data);
  await expect(reading.next()).rejects.toThrow('reset');
});

test('whoever reads slowly lets the body wait, and gets all of it', async () => {
  const events = Array.from({ length: 5_000 }, (_, index) => `data: ${index}\n\n`);
  let taken = 0;
  const body = bodyOf(
    (function* () {
      for (const event of events) {
        taken += 1;
        yield event;
      }
    })(),
  );
  const reading = readEventStream(body, ({ data }) => data);
  const first = await reading.next();
  const items = [...(first.value ?? [])];
  await new Promise((resolve) => setImmediate(resolve));
  while (!body.isPaused()) await new Promise((resolve) => setImmediate(resolve));
  expect(taken).toBeLessThan(events.length);
  for await (const batch of reading) items.push(...batch);
  expect(items).toEqual(events.map((_, index) => String(index)));
});

test('whoever stops reading closes the body', async () => {
  const body = new Readable({ read: () => undefined });
  body.push(Buffer.from('data: 1\n\n'));
  for await (const items of readEventStream(body, ({ data }) => data)) {
    expect(items).toEqual(['1']);
    break;
  }
  expect(body.destroyed).toBe(true);
});
