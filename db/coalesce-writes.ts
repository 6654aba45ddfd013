import type { Client } from 'pg';
import type { Socket } from 'node:net';

/**
 * Lets everything that is sent in one turn of the event loop leave in one write. `pg` writes once per statement, and a
 * transaction of ours sends up to six before it waits: in a worker that answers chats a quarter of the processor time
 * was writes.
 *
 * Reaches into `pg` (pinned in package.json) for the socket behind a connected client.
 */
export function coalesceWrites(client: Client): void {
  const { stream } = (client as unknown as { connection: { stream: Socket } }).connection;
  const write = stream.write.bind(stream) as (...args: unknown[]) => boolean;
  let isGathering = false;
  stream.write = (...args: unknown[]) => {
    if (!isGathering) {
      isGathering = true;
      stream.cork();
      // Behind the promises that are ready now, before the event loop goes on.
      process.nextTick(() => {
        isGathering = false;
        stream.uncork();
      });
    }
    return write(...args);
  };
}
