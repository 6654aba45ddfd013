import pino from 'pino';
import type { Socket } from 'socket.io-client';
import { openParts } from '../../../compose/parts';
import { createOperations } from '../../../domain/operations';
import { parseEnv } from '../../../lib/env';
import { createShutdown } from '../../../lib/shutdown';
import { createServerContext } from '../../../server/context';
import { startServer } from '../../../server/start';
import { NO_LIMITS } from '../../support/no-limits';
import { JWT_SECRET } from '../serve';
import { connected, open } from '../sockets/node';

/** A server with HTTP and sockets, as a process of its own would be. */
export interface WholeServer {
  port: number;
  connect(token: string): Promise<Socket>;
  stop(): Promise<void>;
}

export async function startWholeServer(databaseUrl: string, redisUrl?: string): Promise<WholeServer> {
  const logger = pino({ level: process.env.TEST_LOG_LEVEL ?? 'silent' });
  const env = parseEnv({
    JWT_SECRET,
    ENCRYPTION_KEYS: 'a key of the tests',
    DATABASE_URL: databaseUrl,
    REDIS_URL: redisUrl,
    SANDBOX_URL: 'http://127.0.0.1:1',
    HOST: '127.0.0.1',
    PORT: '0',
  });
  const shutdown = createShutdown(logger);
  const parts = openParts({ ...env, DATABASE_URL: databaseUrl }, logger, shutdown);
  await parts.broker.ready();
  const context = createServerContext(parts, { rateLimits: NO_LIMITS });
  const { port } = await startServer(context, createOperations(parts), shutdown);
  const clients: Socket[] = [];
  return {
    port,
    async connect(token) {
      const client = open(port, { auth: { token } });
      clients.push(client);
      await connected(client);
      return client;
    },
    async stop() {
      for (const client of clients) client.disconnect();
      await shutdown.run('the test is over');
    },
  };
}
