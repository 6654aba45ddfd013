import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A TCP proxy in front of a server, which holds back what goes one way for as long as a test wants. */
export interface Gate {
  readonly port: number;
  /** From now on nothing goes through in this direction; it waits in the kernel's buffers. */
  hold(direction: 'to' | 'from'): void;
  /** Connections since something was held back. */
  readonly waiting: number;
  /** Lets through what waited, and all that comes. */
  resume(): void;
  /** The same for what comes, but connections from before are cut: what was held back never arrives. */
  reopen(): void;
  close(): Promise<void>;
}

/** @param url of the server behind it: host and port are what counts */
export async function openGate(url: string): Promise<Gate> {
  const { hostname, port } = new URL(url);
  const held = new Set<'to' | 'from'>();
  const pairs = new Set<{ client: Socket; server: Socket }>();
  let waiting = 0;
  const apply = ({ client, server }: { client: Socket; server: Socket }) => {
    if (held.has('to')) client.pause();
    if (held.has('from')) server.pause();
  };
  const listener = createServer((client) => {
    const pair = { client, server: connect(Number(port), hostname) };
    const { server } = pair;
    pairs.add(pair);
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      one.setNoDelay(true);
      one.on('data', (bytes) => void other.write(bytes));
      one.on('error', () => other.destroy());
      one.on('close', () => {
        other.destroy();
        pairs.delete(pair);
      });
    }
    if (held.size > 0) waiting += 1;
    apply(pair);
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const cut = () => {
    for (const { client, server } of pairs) {
      client.destroy();
      server.destroy();
    }
  };
  return {
    port: (listener.address() as AddressInfo).port,
    get waiting() {
      return waiting;
    },
    hold(direction) {
      held.add(direction);
      for (const pair of pairs) apply(pair);
    },
    resume() {
      held.clear();
      for (const { client, server } of pairs) {
        client.resume();
        server.resume();
      }
    },
    reopen() {
      cut();
      held.clear();
      waiting = 0;
    },
    async close() {
      const closed = new Promise((resolve) => listener.close(resolve));
      cut();
      await closed;
    },
  };
}
