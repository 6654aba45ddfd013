import type { Broker, BrokerOptions } from './contract';
import { postgresBroker } from './postgres';
import { redisBroker } from './redis';

export type { Broker, BrokerOptions, RoomEmitter } from './contract';

/**
 * The one place that knows whether BullMQ and Socket.IO run on Redis or on Postgres in one process.
 * Nothing here holds truth: all of it may be lost (architecture.md, "Postgres is the truth").
 */
export function openBroker(options: BrokerOptions): Broker {
  return options.redisUrl ? redisBroker(options.redisUrl, options) : postgresBroker(options);
}
