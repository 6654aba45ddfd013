import { EventEmitter } from 'node:events';
import type { Cluster, Redis } from 'ioredis';
import type { Logger } from '../logger';

/**
 * Short messages between processes (a piece of a reply for a reader over SSE, "stop this run", "that run ended").
 * Any of them may be lost, as the broker may: what they tell is in Postgres, too, and whoever waits looks there.
 */
export interface Signals {
  /** @param payload JSON */
  publish(channel: string, payload: unknown): void;
  /**
   * Resolves once signals reach the listener. Where the broker is away it resolves when it is back, or not at all:
   * don't let an answer wait for it alone.
   * @returns ends the subscription
   */
  subscribe(channel: string, listener: (payload: unknown) => void): Promise<() => void>;
}

/** One process: publisher and listeners are the same. */
export function localSignals(): Signals {
  const emitter = new EventEmitter().setMaxListeners(0);
  return {
    publish: (channel, payload) => void emitter.emit(channel, payload),
    async subscribe(channel, listener) {
      emitter.on(channel, listener);
      return () => void emitter.off(channel, listener);
    },
  };
}

/**
 * @param publish sends or drops at once
 * @param subscriber a connection of its own, made on first use
 */
export function redisSignals(
  prefix: string,
  publish: (channel: string, message: string) => void,
  subscriber: () => Redis | Cluster,
  logger: Logger,
): Signals {
  const listeners = new EventEmitter().setMaxListeners(0);
  let connection: Redis | Cluster | undefined;
  const connected = () => {
    if (connection) return connection;
    connection = subscriber();
    connection.on('message', (name: string, message: string) => {
      try {
        listeners.emit(name, JSON.parse(message));
      } catch (error) {
        logger.warn({ err: error, channel: name }, 'a signal could not be taken');
      }
    });
    return connection;
  };
  const nameOf = (channel: string) => `${prefix}:signal:${channel}`;
  return {
    publish: (channel, payload) => publish(nameOf(channel), JSON.stringify(payload)),
    async subscribe(channel, listener) {
      const name = nameOf(channel);
      listeners.on(name, listener);
      // Also where another listener is subscribed already: its own SUBSCRIBE may still be on its way.
      await connected().subscribe(name);
      let isOver = false;
      return () => {
        if (isOver) return;
        isOver = true;
        listeners.off(name, listener);
        if (listeners.listenerCount(name) > 0) return;
        connected()
          .unsubscribe(name)
          .catch((error: unknown) => logger.debug({ err: error, channel }, 'a subscription was not ended'));
      };
    },
  };
}
