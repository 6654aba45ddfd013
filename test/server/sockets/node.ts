import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import pino from 'pino';
import { io as connect, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client';
import { createAuthenticator } from '../../../domain/accounts/authenticate';
import { openDatabase } from '../../../db/database';
import { openBroker } from '../../../lib/broker';
import { parseEnv } from '../../../lib/env';
import type { EventName, ServerEvents } from '../../../realtime/events';
import { createPublish, type Publish } from '../../../realtime/publish';
import type { ServerContext } from '../../../server/context';
import { createSocketServer, type Sockets } from '../../../server/sockets';
import { SECRET } from '../../realtime/fixture';

/** A server node of a test's own, in this process. */
export interface TestNode {
  port: number;
  sockets: Sockets;
  publish: Publish;
  context: ServerContext;
  /** A client that is connected. Rejects with the server's `{code, message}` where it is refused. */
  connect(token: string, options?: Partial<ManagerOptions & SocketOptions>): Promise<Socket>;
  stop(): Promise<void>;
}

export async function startNode(options: {
  databaseUrl: string;
  redisUrl?: string;
  env?: Record<string, string>;
}): Promise<TestNode> {
  const { databaseUrl, redisUrl } = options;
  const logger = pino({ level: process.env.LOG_LEVEL ?? 'silent' });
  const env = parseEnv({ JWT_SECRET: SECRET, ...options.env });
  const db = openDatabase(databaseUrl, 10);
  const broker = openBroker({ databaseUrl, redisUrl, logger });
  const publish = createPublish(broker.rooms);
  const authenticator = createAuthenticator(db, { secrets: env.JWT_SECRET });
  // Sockets ask the workers for nothing.
  const context = { db, broker, publish, authenticator, env, logger } as unknown as ServerContext;
  // As a server process does before it serves: a broker that is not there yet drops what is announced.
  await broker.ready();
  const http = createServer();
  const sockets = await createSocketServer(http, context);
  await new Promise<void>((resolve) => {
    http.listen(0, '127.0.0.1', resolve);
  });
  const { port } = http.address() as AddressInfo;
  const clients: Socket[] = [];
  return {
    port,
    sockets,
    publish,
    context,
    async connect(token, clientOptions = {}) {
      const client = open(port, { auth: { token }, ...clientOptions });
      clients.push(client);
      await connected(client);
      return client;
    },
    async stop() {
      for (const client of clients) client.disconnect();
      await sockets.close();
      await new Promise((resolve) => {
        http.close(resolve);
      });
      await broker.close();
      await db.close();
    },
  };
}

export const open = (port: number, options: Partial<ManagerOptions & SocketOptions> = {}, namespace = '/') =>
  connect(`http://127.0.0.1:${port}${namespace}`, {
    transports: ['websocket'],
    forceNew: true,
    reconnection: false,
    ...options,
  });

/** What the server said when it refused a connection. */
export interface Refusal extends Error {
  data?: { code: string; message: string };
}

export const connected = (client: Socket): Promise<void> =>
  new Promise((resolve, reject) => {
    client.once('connect', resolve);
    client.once('connect_error', reject);
  });

/** The next event of this name that fits, from now on. */
export const next = <Name extends EventName>(
  client: Socket,
  name: Name,
  fits: (payload: ServerEvents[Name]) => boolean = () => true,
): Promise<ServerEvents[Name]> =>
  new Promise((resolve) => {
    const listener = (payload: ServerEvents[Name]) => {
      if (!fits(payload)) return;
      client.off(name, listener as never);
      resolve(payload);
    };
    client.on(name, listener as never);
  });

export const disconnected = (client: Socket): Promise<string> =>
  new Promise((resolve) => {
    client.once('disconnect', (reason) => resolve(reason));
  });

type Answer = { ok: boolean; error?: { code: string; message: string } } & Record<string, unknown>;

/** Sends an event and gives the acknowledgement. */
export const ask = (client: Socket, event: string, ...args: unknown[]): Promise<Answer> =>
  client.timeout(20_000).emitWithAck(event, ...args) as Promise<Answer>;
