import { Manager } from 'socket.io-client';

/** A connection that speaks what a client library never would. */
export interface RawConnection {
  /** A Socket.IO packet as it is on the wire, `2["event",1]`. Not sent any more once it is closed. */
  send(packet: string | Buffer): void;
  /** Packets as they came. */
  received: string[];
  until(arrived: (received: string[]) => boolean): Promise<void>;
  closed: Promise<void>;
  close(): void;
}

export async function openRaw(port: number): Promise<RawConnection> {
  const manager = new Manager(`http://127.0.0.1:${port}`, {
    transports: ['websocket'],
    reconnection: false,
    autoConnect: false,
  });
  await new Promise<void>((resolve, reject) => {
    manager.open((error) => (error ? reject(error) : resolve()));
  });
  const { engine } = manager;
  // Nothing that arrives is ours to understand.
  engine.off('data');
  const received: string[] = [];
  const watchers = new Set<() => void>();
  engine.on('data', (data) => {
    received.push(String(data));
    for (const watcher of watchers) watcher();
  });
  return {
    send: (packet) => void (engine.readyState === 'open' && engine.write(packet)),
    received,
    until: (arrived) =>
      new Promise((resolve) => {
        const look = () => {
          if (!arrived(received)) return;
          watchers.delete(look);
          resolve();
        };
        watchers.add(look);
        look();
      }),
    closed: new Promise((resolve) => {
      engine.once('close', () => resolve());
    }),
    close: () => engine.close(),
  };
}
