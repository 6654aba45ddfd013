import { createAdapter } from '@socket.io/redis-adapter';
import { Emitter } from '@socket.io/redis-emitter';
import { Queue, QueueEvents, Worker } from 'bullmq';
import { Cluster, Redis, type RedisOptions } from 'ioredis';
import { EventEmitter } from 'node:events';
import { StartupError } from '../errors';
import type { Logger } from '../logger';
import type { Broker, BrokerOptions } from './contract';
import { rejectingParser } from './parser';
import { redisSignals } from './signals';
import { createRoomOutlet, gatherPieces, takePieces } from './stream';
import { workerDefaults } from './worker-defaults';

/** Longest pause between tries to reach Redis again, ms: a lost broker is noticed and back within a second. */
const RECONNECT_MAX_MS = 1_000;
/** How long a starting process waits for Redis, ms: container orchestrators start both at once. */
const CONNECT_LIMIT_MS = 10_000;
export function redisBroker(redisUrl: string, { cluster, logger }: BrokerOptions): Broker {
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
  const outlet = createRoomOutlet();
  const piecesChannel = `${prefix}:pieces`;
  const pieces = gatherPieces((message) => publisherOf(announcing(), logger).publish(piecesChannel, message));

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
      // Over the adapter's own connection: what comes over two has no order.
      outlet.attach(io);
      subscriber.on('message', (channel: string, message: string) => {
        if (channel === piecesChannel) takePieces(message, outlet.hand, logger);
      });
      subscriber.subscribe(piecesChannel).catch((error: unknown) => {
        logger.debug({ err: error }, 'pieces of replies were not subscribed');
      });
    },
    rooms: {
      emit(rooms, event, payload, except = []) {
        pieces.flush();
        emitting()
          .to([...rooms])
          .except([...except])
          .emit(event, payload);
      },
      stream: pieces.add,
      listen: outlet.listen,
      disconnect(rooms) {
        pieces.flush();
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
