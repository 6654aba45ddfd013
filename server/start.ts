import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { listenError } from '../lib/port';
import type { Operations } from '../lib/health/answer';
import type { Shutdown } from '../lib/shutdown';
import { createApp } from './app';
import type { ServerContext } from './context';
import { createSocketServer } from './sockets';

/** A client that sends no request head within this, ms, is let go (slow-loris); Node's own default is 60 s. */
const HEADERS_TIMEOUT_MS = 15_000;
/** How often the two limits are looked at, ms; Node's own 30 s would let a slow client stay three times as long. */
const CHECK_INTERVAL_MS = 5_000;
/** A whole request, body included, must arrive within this, ms. */
const REQUEST_TIMEOUT_MS = 30_000;
/** Idle keep-alive connections; longer than the 60 s of common load balancers, so that they close first. */
const KEEP_ALIVE_MS = 65_000;

export interface RunningServer {
  port: number;
}

/** Starts HTTP and sockets on HOST:PORT. @throws StartupError where the port is taken */
export async function startServer(
  context: ServerContext,
  operations: Operations,
  shutdown: Shutdown,
): Promise<RunningServer> {
  const { env } = context;
  const handle = createApp(context, operations).callback();
  const server = createServer(
    { connectionsCheckingInterval: CHECK_INTERVAL_MS },
    (request, response) => void handle(request, response),
  );
  server.headersTimeout = HEADERS_TIMEOUT_MS;
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  const sockets = await createSocketServer(server, context);
  operations.metrics.observeSockets(() => sockets.io.engine.clientsCount);
  await listen(server, env.PORT, env.HOST);
  const { port } = server.address() as AddressInfo;
  // Load balancers are told first; what is under way is still answered.
  shutdown.on('intake', 'readiness', () => operations.health.stopping());
  shutdown.on('intake', 'http', () => stopIntake(server));
  shutdown.on('sockets', 'sockets', async () => {
    await sockets.close();
    server.closeAllConnections();
    operations.health.close();
  });
  return { port };
}

/** Takes no new connections; requests under way are answered, idle ones are let go. */
function stopIntake(server: Server): void {
  server.close();
  server.closeIdleConnections();
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(listenError(error, host, port)));
    server.listen(port, host, () => resolve());
  });
}
