import { createPostgresBackend, Queue, QueueEvents, Worker } from 'bullmq';
import { EventEmitter } from 'node:events';
import type { Server } from 'socket.io';
import type { Broker, BrokerOptions } from './contract';
import { localSignals } from './signals';
import { createRoomOutlet } from './stream';
import { workerDefaults } from './worker-defaults';

/** Connections that BullMQ's Postgres backend may hold per queue or worker. */
const POSTGRES_BACKEND_POOL = 4;

export function postgresBroker({ databaseUrl, logger }: BrokerOptions): Broker {
  const connection = () => ({
    connectionString: databaseUrl,
    max: POSTGRES_BACKEND_POOL,
    keepAlive: true,
    application_name: 'liveboard-bullmq',
  });
  const closers: (() => Promise<unknown>)[] = [];
  const outlet = createRoomOutlet();
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
      outlet.attach(server);
    },
    rooms: {
      emit(rooms, event, payload, except = []) {
        io?.to([...rooms])
          .except([...except])
          .emit(event, payload);
      },
      stream: outlet.hand,
      listen: outlet.listen,
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
