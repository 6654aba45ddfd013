import type { IncomingMessage } from 'node:http';

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

interface OriginRules {
  /** CORS_ORIGINS; `*` allows every page. */
  allowed: readonly string[];
  /** PUBLIC_URL. */
  publicUrl: string | undefined;
  /** TRUSTED_PROXIES above 0: the host the client asked for is in X-Forwarded-Host. */
  behindProxy: boolean;
}

/**
 * May a page of this origin open a socket? A browser always names the origin of the page; whoever sends none is no
 * browser and has no cookies of ours to abuse. Socket.IO's own `cors` option doesn't refuse WebSocket handshakes.
 *
 * Allowed are CORS_ORIGINS, PUBLIC_URL, and the server's own host. With CORS_ORIGINS empty also a page on this
 * machine's loopback names with our port, since the demo's page may say localhost and its client 127.0.0.1.
 */
export function isAllowedOrigin(request: IncomingMessage, rules: OriginRules): boolean {
  const { origin } = request.headers;
  if (origin === undefined) return true;
  if (!URL.canParse(origin)) return false;
  const page = new URL(origin);
  if (rules.allowed.includes('*') || rules.allowed.some((entry) => sameOrigin(entry, page))) return true;
  if (rules.publicUrl !== undefined && sameOrigin(rules.publicUrl, page)) return true;
  const host = hostOf(request, rules.behindProxy);
  if (host === undefined) return false;
  const own = `${page.protocol}//${host}`;
  if (sameOrigin(own, page)) return true;
  if (rules.allowed.length > 0 || !URL.canParse(own)) return false;
  const { hostname, port } = new URL(own);
  return LOOPBACK.has(page.hostname) && LOOPBACK.has(hostname) && page.port === port;
}

const sameOrigin = (url: string, page: URL): boolean =>
  URL.canParse(url) && page.origin !== 'null' && new URL(url).origin === page.origin;

function hostOf({ headers }: IncomingMessage, behindProxy: boolean): string | undefined {
  const forwarded = headers['x-forwarded-host'];
  const text = Array.isArray(forwarded) ? forwarded[0] : forwarded;
  return (behindProxy && text?.split(',')[0]?.trim()) || headers.host;
}
