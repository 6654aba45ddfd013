import type { Processor, Queue, QueueEvents, Worker, WorkerOptions } from 'bullmq';
import type { Cluster, Redis } from 'ioredis';
import type { EventEmitter } from 'node:events';
import type { Server } from 'socket.io';
import type { Logger } from '../logger';
import type { Signals } from './signals';
import type { RoomListener } from './stream';

/** Sends to rooms on every server node. */
export interface RoomEmitter {
  /** @param except sockets in these rooms are left out */
  emit(rooms: readonly string[], event: string, payload: unknown, except?: readonly string[]): void;
  /** Like `emit`, for what comes many times a second (lib/broker/stream). In order with what is emitted behind it. */
  stream(room: string, event: string, payload: unknown): void;
  /**
   * Hears what is streamed to a room on any node, in a process whose sockets are attached. While Redis is away it hears
   * nothing.
   * @returns ends it
   */
  listen(room: string, listener: RoomListener): () => void;
  /** Closes every socket in the rooms, on every node. */
  disconnect(rooms: readonly string[]): void;
}

export interface Broker {
  readonly kind: 'redis' | 'postgres';
  queue(name: string): Queue;
  queueEvents(name: string): QueueEvents;
  worker(name: string, processor: Processor, options: Pick<WorkerOptions, 'concurrency' | 'name'>): Worker;
  /** Joins a Socket.IO server to the others. */
  attach(io: Server): void;
  /** For processes without sockets, too. In one process it reaches the attached server directly. */
  readonly rooms: RoomEmitter;
  /** Where counters that all processes share are kept; undefined in one process, whose own memory does. */
  limiterStore(): Redis | Cluster | undefined;
  /** Between processes, not for clients. */
  readonly signals: Signals;
  /** `lost` when the broker's connection goes, `back` when it is there again. Never fires on Postgres. */
  readonly events: EventEmitter<{ lost: []; back: [] }>;
  /** Waits until the broker is reached. @throws StartupError where it is not within CONNECT_LIMIT_MS */
  ready(): Promise<void>;
  /** Rejects where the broker does not answer. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

export interface BrokerOptions {
  databaseUrl: string;
  redisUrl?: string | undefined;
  cluster?: boolean;
  logger: Logger;
}
