import { setTimeout as sleep } from 'node:timers/promises';
import { nowMicros } from '../../lib/clock';
import { p99 } from '../harness/statistics';
import { sentAt } from '../parts/events';
import type { Helper } from '../parts/helper';
import { connectMany, connectSocket } from './socket-io';

/** Events published and not yet at everyone, where as much as possible is delivered. */
const WINDOW = 8;
/** What is not delivered by then, ms, after the last event was sent, is lost. */
const DRAIN_LIMIT_MS = 20_000;
const LOOK_EVERY_MS = 5;

/** Many sockets in one room, and the process that announces to it. */
export interface Audience {
  readonly size: number;
  /** Keeps {@link WINDOW} events in flight. @returns deliveries a second */
  saturate(seconds: number): Promise<number>;
  /** Events at a steady rate. @returns the delays' 99th percentile, ms; Infinity where some were lost */
  pace(perSecond: number, seconds: number): Promise<number>;
  close(): void;
}

/** @param door where the nth socket connects, and as whom */
export async function gatherAudience(
  size: number,
  publisher: Helper,
  door: (index: number) => { port: number; token: string | undefined },
): Promise<Audience> {
  let received = 0;
  let delaysMs: number[] = [];
  let onEvent: () => void = () => undefined;
  const clients = await connectMany(size, (index) => {
    const { port, token } = door(index);
    return connectSocket(port, token, (packet) => {
      const sent = sentAt(packet);
      if (sent === undefined) return;
      received += 1;
      delaysMs.push((nowMicros() - sent) / 1000);
      onEvent();
    });
  });
  const begin = () => {
    received = 0;
    delaysMs = [];
    onEvent = () => undefined;
  };
  const drain = async (events: number) => {
    const isDone = () => received >= events * size;
    for (let waited = 0; !isDone() && waited < DRAIN_LIMIT_MS; waited += LOOK_EVERY_MS) {
      await sleep(LOOK_EVERY_MS);
    }
    return isDone();
  };
  return {
    size,
    async saturate(seconds) {
      begin();
      let published = WINDOW;
      const begun = performance.now();
      const isOver = () => performance.now() - begun > seconds * 1000;
      onEvent = () => {
        if (received % size !== 0 || isOver()) return;
        published += 1;
        void publisher.ask('burst', { count: 1 });
      };
      await publisher.ask('burst', { count: WINDOW });
      while (!isOver()) await sleep(LOOK_EVERY_MS);
      const rate = received / ((performance.now() - begun) / 1000);
      if (!(await drain(published))) throw new Error(`Of ${published} events some were lost.`);
      return rate;
    },
    async pace(perSecond, seconds) {
      begin();
      const events = (await publisher.ask('pace', { perSecond, seconds })) as number;
      return (await drain(events)) ? p99(delaysMs) : Infinity;
    },
    close: () => clients.forEach((client) => client.close()),
  };
}
