import { createAdapter } from '@socket.io/redis-adapter';
import { Emitter } from '@socket.io/redis-emitter';
import {
  createPostgresBackend,
  Queue,
  QueueEvents,
  Worker,
  type WorkerOptions,
  type Processor,
} from 'bullmq';
import { Cluster, Redis, type RedisOptions } from 'ioredis';
import { EventEmitter } from 'node:events';
import type { Server } from 'socket.io';
import { rejectingParser } from './broker-parser';
import { localSignals, redisSignals, type Signals } from './broker-signals';
import { StartupError } from './errors';
import type { Logger } from './logger';

/**
 * The one module that knows whether BullMQ and Socket.IO run on Redis or on Postgres in one process.
 * Nothing here holds truth: all of it may be lost (architecture.md, "Postgres is the truth").
 */

/** Longest pause between tries to reach Redis again, ms: a lost broker is noticed and back within a second. */
const RECONNECT_MAX_MS = 1_000;
/** How long a starting process waits for Redis, ms: container orchestrators start both at once. */
const CONNECT_LIMIT_MS = 10_000;
/** How long a killed worker's job stays locked, ms, and how often that is looked for (3 to 7 s to recover). */
const LOCK_MS = 5_000;
const STALLED_CHECK_MS = 2_000;
/** A job that took its worker down this often is given up by BullMQ (BullMQ's own default is never). */
const MAX_STARTED_ATTEMPTS = 3;
/** Connections that BullMQ's Postgres backend may hold per queue or worker. */
const POSTGRES_BACKEND_POOL = 4;

/** Sends to rooms on every server node. */
export interface RoomEmitter {
  /** @param except sockets in these rooms are left out */
  emit(rooms: readonly string[], event: string, payload: unknown, except?: readonly string[]): void;
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

export function openBroker(options: BrokerOptions): Broker {
  return options.redisUrl ? redisBroker(options.redisUrl, options) : postgresBroker(options);
}

const workerDefaults = {
  lockDuration: LOCK_MS,
  stalledInterval: STALLED_CHECK_MS,
  maxStartedAttempts: MAX_STARTED_ATTEMPTS,
  // Our own retries are in Postgres; a stalled job may be handed over as often as it may be started.
  maxStalledCount: MAX_STARTED_ATTEMPTS,
};

function redisBroker(redisUrl: string, { cluster, logger }: BrokerOptions): Broker {
  const events = new EventEmitter<{ lost: []; back: [] }>();
  const connections: (Redis | Cluster)[] = [];
  const connect = (role: string, overrides: RedisOptions = {}): Redis | Cluster => {
    const redisOptions: RedisOptions = {
      connectionName: `liveboard-${role}`,
      retryStrategy: (attempt) => Math.min(attempt * 50, RECONNECT_MAX_MS),
      maxRetriesPerRequest: null,
      enableReadyCheck: true,
      ...overrides,
    };
    const connection = cluster
      ? new Cluster([redisUrl], {
          redisOptions,
          clusterRetryStrategy: (attempt) => Math.min(attempt * 50, RECONNECT_MAX_MS),
          ...(overrides.enableOfflineQueue === false ? { enableOfflineQueue: false } : {}),
        })
      : new Redis(redisUrl, redisOptions);
    connection.on('error', (error: Error) => logger.debug({ err: error, role }, 'redis connection error'));
    connections.push(connection);
    return connection;
  };

  // A producer fails at once while Redis is away (the row in Postgres remembers the work); by default `add`
  // would hang for as long as it is away.
  let shared: Redis | Cluster | undefined;
  const producer = () => (shared ??= connect('producer', { enableOfflineQueue: false }));
  const prefix = cluster ? '{liveboard}' : 'liveboard';
  const closers: (() => Promise<unknown>)[] = [];
  let emitter: Emitter | undefined;
  // Announcements have a connection of their own: those of one turn of the event loop leave in one write.
  let announcer: Redis | Cluster | undefined;
  const announcing = () =>
    (announcer ??= connect('announcer', { enableOfflineQueue: false, enableAutoPipelining: true }));
  const emitting = () => (emitter ??= new Emitter(publisherOf(announcing(), logger)));

  let lost = false;
  const watch = (connection: Redis | Cluster) => {
    connection.on('close', () => {
      if (!lost) events.emit('lost');
      lost = true;
    });
    connection.on('ready', () => {
      if (lost) events.emit('back');
      lost = false;
    });
  };

  return {
    kind: 'redis',
    queue(name) {
      const queue = new Queue(name, {
        connection: producer(),
        prefix,
        skipVersionCheck: true,
      });
      queue.on('error', (error) => logger.debug({ err: error, queue: name }, 'queue error'));
      closers.push(() => queue.close());
      return queue;
    },
    queueEvents(name) {
      const queueEvents = new QueueEvents(name, {
        connection: connect(`events-${name}`),
        prefix,
      });
      queueEvents.on('error', (error) => logger.debug({ err: error, queue: name }, 'queue events error'));
      closers.push(() => queueEvents.close());
      return queueEvents;
    },
    worker(name, processor, overrides) {
      return new Worker(name, processor, {
        connection: connect(`worker-${name}`),
        prefix,
        ...workerDefaults,
        ...overrides,
      });
    },
    attach(io) {
      const publisher = connect('adapter-pub');
      const subscriber = connect('adapter-sub');
      watch(subscriber);
      io.adapter(createAdapter(publisher, subscriber, { parser: rejectingParser(logger) }));
    },
    rooms: {
      emit(rooms, event, payload, except = []) {
        emitting()
          .to([...rooms])
          .except([...except])
          .emit(event, payload);
      },
      disconnect(rooms) {
        emitting()
          .in([...rooms])
          .disconnectSockets(true);
      },
    },
    limiterStore: producer,
    signals: redisSignals(
      prefix,
      (channel, message) => publisherOf(announcing(), logger).publish(channel, message),
      () => connect('signals'),
      logger,
    ),
    events,
    // The announcer, too: what is sent before it is connected is dropped.
    ready: async () =>
      void (await Promise.all([producer(), announcing()].map((one) => whenReady(one, redisUrl)))),
    ping: async () => void (await producer().ping()),
    async close() {
      await Promise.allSettled(closers.map((close) => close()));
      await Promise.allSettled(connections.map((connection) => connection.quit()));
      for (const connection of connections) connection.disconnect();
    },
  };
}

async function whenReady(connection: Redis | Cluster, redisUrl: string): Promise<void> {
  if (connection.status === 'ready') return;
  let timer: NodeJS.Timeout | undefined;
  const isReady = await new Promise<boolean>((resolve) => {
    // Not events.once: it gives up at the first connection error, and those are what we wait out.
    connection.once('ready', () => resolve(true));
    timer = setTimeout(() => resolve(false), CONNECT_LIMIT_MS);
  });
  clearTimeout(timer);
  if (isReady) return;
  const { hostname, port } = new URL(redisUrl);
  throw new StartupError(`Redis does not answer at ${hostname}:${port || 6379} (REDIS_URL).`);
}

/** An announcement that can't be sent now is dropped, not queued: clients sync when the broker is back. */
const publisherOf = (connection: Redis | Cluster, logger: Logger) => ({
  publish(channel: string, message: Buffer | string) {
    connection.publish(channel, message).catch((error: unknown) => {
      logger.debug({ err: error }, 'an announcement was not sent');
    });
  },
});

function postgresBroker({ databaseUrl, logger }: BrokerOptions): Broker {
  const connection = () => ({
    connectionString: databaseUrl,
    max: POSTGRES_BACKEND_POOL,
    keepAlive: true,
    application_name: 'liveboard-bullmq',
  });
  const closers: (() => Promise<unknown>)[] = [];
  let io: Server | undefined;
  return {
    kind: 'postgres',
    queue(name) {
      const queue = new Queue(name, { connection: connection() }, createPostgresBackend as never);
      queue.on('error', (error) => logger.debug({ err: error, queue: name }, 'queue error'));
      closers.push(() => queue.close());
      return queue;
    },
    queueEvents(name) {
      const queueEvents = new QueueEvents(name, { connection: connection() }, createPostgresBackend as never);
      queueEvents.on('error', (error) => logger.debug({ err: error, queue: name }, 'queue events error'));
      closers.push(() => queueEvents.close());
      return queueEvents;
    },
    worker(name, processor, overrides) {
      return new Worker(
        name,
        processor,
        { connection: connection(), ...workerDefaults, ...overrides },
        createPostgresBackend as never,
      );
    },
    attach: (server) => {
      io = server;
    },
    rooms: {
      emit(rooms, event, payload, except = []) {
        io?.to([...rooms])
          .except([...except])
          .emit(event, payload);
      },
      disconnect(rooms) {
        io?.in([...rooms]).disconnectSockets(true);
      },
    },
    limiterStore: () => undefined,
    signals: localSignals(),
    events: new EventEmitter(),
    ready: async () => undefined,
    ping: async () => undefined,
    close: async () => void (await Promise.allSettled(closers.map((close) => close()))),
  };
}
