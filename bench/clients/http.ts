import { connect } from 'node:net';

const HEAD_END = '\r\n\r\n';
const LENGTH = /^content-length: *(\d+)/im;

/** A connection that sends one request after the other, without pipelining. */
export interface HttpLink {
  /** @param request from {@link requestBytes}. Resolves with the status once the whole answer is there. */
  send(request: Buffer): Promise<number>;
  /** The same, with the answer's body. */
  ask(request: Buffer): Promise<{ status: number; body: string }>;
  close(): void;
}

/** A request as it goes over the wire, made once and sent often. */
export function requestBytes(
  method: 'GET' | 'POST',
  path: string,
  headers: Readonly<Record<string, string>> = {},
  body = '',
): Buffer {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const length = method === 'POST' ? `Content-Length: ${Buffer.byteLength(body)}\r\n` : '';
  const head = `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n${length}${lines.join('')}\r\n`;
  return Buffer.from(head + body);
}

/**
 * The least that is a keep-alive HTTP/1.1 client: some ten microseconds a request, a fifth of what node:http's own
 * costs, so that on two cores the server is what is measured. Demands Content-Length in answers with a body.
 */
export function openHttp(port: number): Promise<HttpLink> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    let waiting:
      | { resolve: (answer: { status: number; body: string }) => void; reject: (error: Error) => void }
      | undefined;
    let held: Buffer = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      held = held.length > 0 ? Buffer.concat([held, chunk]) : chunk;
      const answer = readAnswer(held);
      if (!answer) return;
      const body = held.toString('utf8', answer.bytes - answer.length, answer.bytes);
      held = held.subarray(answer.bytes);
      const done = waiting;
      waiting = undefined;
      done?.resolve({ status: answer.status, body });
    });
    const fail = (error: Error) => {
      reject(error);
      waiting?.reject(error);
    };
    socket.on('error', fail);
    socket.once('close', () => fail(new Error('The server closed an HTTP connection.')));
    const ask: HttpLink['ask'] = (request) =>
      new Promise((done, failed) => {
        if (socket.destroyed) return failed(new Error('This HTTP connection was closed.'));
        waiting = { resolve: done, reject: failed };
        socket.write(request);
      });
    socket.once('connect', () =>
      resolve({
        send: async (request) => (await ask(request)).status,
        ask,
        close: () => socket.destroy(),
      }),
    );
  });
}

/** undefined while some of it is still on its way. */
function readAnswer(bytes: Buffer): { status: number; bytes: number; length: number } | undefined {
  const end = bytes.indexOf(HEAD_END);
  if (end < 0) return undefined;
  const head = bytes.toString('latin1', 0, end);
  const status = Number(head.slice(9, 12));
  const length = status === 304 || status === 204 ? 0 : Number(LENGTH.exec(head)?.[1] ?? Number.NaN);
  if (Number.isNaN(length)) throw new Error(`An answer without a length:\n${head}`);
  const whole = end + HEAD_END.length + length;
  return bytes.length < whole ? undefined : { status, bytes: whole, length };
}
