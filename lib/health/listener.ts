import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { StartupError } from '../errors';
import type { Logger } from '../logger';
import type { Shutdown } from '../shutdown';
import { answerOperations, isOperationsPath, mayObserve, type Operations } from './answer';

/** A caller that sends nothing for this long, ms, is let go: these are requests of one line. */
const REQUEST_TIMEOUT_MS = 5_000;

/**
 * The system endpoints of a process without an HTTP server of its own, so that a worker can be probed and scraped.
 * @param port 0: any free one
 * @returns the port it listens on
 * @throws StartupError where it is taken
 */
export async function listenForOperations(
  operations: Operations,
  options: { port: number; host: string; token: string | undefined; logger: Logger; shutdown: Shutdown },
): Promise<number> {
  const { port, host, token, logger, shutdown } = options;
  const server = createServer((request, response) => {
    answer(operations, request, response, token).catch((error: unknown) => {
      logger.error({ err: error }, 'a system endpoint failed');
      response.writeHead(500).end();
    });
  });
  server.requestTimeout = REQUEST_TIMEOUT_MS;
  server.headersTimeout = REQUEST_TIMEOUT_MS;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) =>
      reject(
        new StartupError(`WORKER_METRICS_PORT ${port} can't be used: ${error.message}`, { cause: error }),
      ),
    );
    server.listen(port, host, resolve);
  });
  shutdown.on('intake', 'readiness', () => operations.health.stopping());
  // Probes are answered until the last work is done: with the listener gone a live process would look dead.
  shutdown.on('broker', 'system endpoints', () => {
    server.close();
    server.closeAllConnections();
    operations.health.close();
  });
  return (server.address() as AddressInfo).port;
}

async function answer(
  operations: Operations,
  request: IncomingMessage,
  response: ServerResponse,
  token: string | undefined,
): Promise<void> {
  const path = (request.url ?? '').split('?', 1)[0] ?? '';
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  if (!isRead || !isOperationsPath(path)) {
    response.writeHead(isRead ? 404 : 405).end();
    return;
  }
  const { status, contentType, body } = await answerOperations(operations, path, mayObserve(request, token));
  response.writeHead(status, {
    'Content-Type': contentType,
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}
