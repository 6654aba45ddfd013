import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { isIPv4 } from 'node:net';
import type { Metrics } from '../metrics/metrics';
import type { Health } from './health';

/** What the system endpoints need, in a server and in a worker. */
export interface Operations {
  health: Health;
  metrics: Metrics;
}

export interface OperationsAnswer {
  status: number;
  contentType: string;
  body: string;
}

/** The system endpoints, below the root of a server and of a worker's own listener. */
export const OPERATIONS_PATHS = ['/health/live', '/health/ready', '/health', '/metrics'] as const;
export type OperationsPath = (typeof OPERATIONS_PATHS)[number];

export const isOperationsPath = (path: string): path is OperationsPath =>
  (OPERATIONS_PATHS as readonly string[]).includes(path);

const json = (status: number, value: unknown): OperationsAnswer => ({
  status,
  contentType: 'application/json; charset=utf-8',
  body: JSON.stringify(value),
});

/**
 * Answers one of the system endpoints.
 * - `live`: this process turns its event loop, whatever else is broken. A restart would mend nothing else.
 * - `ready`: send it traffic. 503 while a dependency does not answer or a shutdown is under way.
 * - `health`: for people and widgets; the figures only for who may see the metrics.
 * @param isObserver as {@link mayObserve} says
 */
export async function answerOperations(
  { health, metrics }: Operations,
  path: OperationsPath,
  isObserver: boolean,
): Promise<OperationsAnswer> {
  if (path === '/health/live') return json(200, { status: 'ok' });
  if (path === '/metrics') {
    if (!isObserver) return json(403, REFUSED);
    const { contentType, text } = await metrics.render();
    return { status: 200, contentType, body: text };
  }
  const answer = path === '/health' && isObserver ? await health.report() : await health.summary();
  return json(answer.status === 'ok' ? 200 : 503, answer);
}

const REFUSED = {
  message:
    'The metrics are for this machine only, unless METRICS_TOKEN is set: then send it as a Bearer token.',
  error: { code: 'forbidden' },
};

/** Whoever sends one of these stands behind a proxy: the proxy is local, they are not. */
const FORWARDING_HEADERS = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via'];

/**
 * Who may see the figures: with METRICS_TOKEN its holders, wherever they are; without it only callers on this
 * machine's loopback, not through a proxy.
 */
export function mayObserve(request: IncomingMessage, token: string | undefined): boolean {
  if (token) return hasBearer(request.headers.authorization, token);
  return (
    isLoopback(request.socket.remoteAddress ?? '') &&
    FORWARDING_HEADERS.every((header) => request.headers[header] === undefined)
  );
}

function hasBearer(authorization: string | undefined, token: string): boolean {
  const given = /^Bearer +(.+)$/i.exec(authorization ?? '')?.[1];
  if (given === undefined) return false;
  // Hashed, so that lengths are equal and the comparison takes the same time.
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(token));
}

function isLoopback(address: string): boolean {
  const plain = address.replace(/^::ffff:/i, '');
  return plain === '::1' || (isIPv4(plain) && plain.startsWith('127.'));
}
