import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from '../lib/logger';
import { listenError } from '../lib/port';
import { createPromptCache } from './answer/prompt-cache';
import { createTicker } from '../lib/ticker';
import { control, sendJson } from './control/endpoints';
import { createRequestLog } from './control/request-log';
import { createRules } from './control/rules';
import { protocolAt } from './protocols';
import { listModels } from './protocols/models-list';
import { serve, type Sandbox } from './serve';

/** How often tokens of one answer go out, ms: at 50 tokens/s one per tick. */
const TICK_MS = 20;
/** Answers share so many ticks: few timers, and not all answers' tokens at one moment, which no provider does. */
const TICKERS = 8;

function inTurn<T>(items: readonly T[]): () => T {
  let taken = 0;
  return () => items[taken++ % items.length] as T;
}

export interface SandboxServer {
  /** Without a version: OpenAI's base URL is `${url}/v1`, Anthropic's is `url`. */
  url: string;
  port: number;
  /** Ends open streams, too. */
  close(): Promise<void>;
}

/**
 * Starts a provider of our own, which speaks OpenAI's Responses and Chat Completions and Anthropic's Messages over
 * HTTP, and costs nothing. Keys are whatever starts with `sandbox-`.
 * @param options.port 0: any free one
 * @param options.control answer `/sandbox/*`, and remember requests for it. For tests only
 * @throws StartupError where the port can't be had
 */
export async function startSandbox(
  options: { port?: number; host?: string; control?: boolean; logger?: Logger } = {},
): Promise<SandboxServer> {
  const { port = 0, host = '127.0.0.1', control: isControlled = false, logger } = options;
  const sandbox: Sandbox = {
    rules: createRules(),
    log: createRequestLog(isControlled),
    cache: createPromptCache(),
    takeTicker: inTurn(Array.from({ length: TICKERS }, () => createTicker(() => TICK_MS))),
  };
  const server = createServer((message, response) => {
    route(sandbox, isControlled, message, response).catch((error: unknown) => {
      if (message.destroyed && !message.complete) return;
      logger?.error({ err: error, path: message.url }, 'the sandbox failed');
      if (response.headersSent) response.destroy();
      else sendJson(response, 500, { error: { message: 'The sandbox failed.', type: 'server_error' } });
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(listenError(error, host, port)));
    server.listen(port, host, resolve);
  });
  const address = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`,
    port: address.port,
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function route(
  sandbox: Sandbox,
  isControlled: boolean,
  message: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(message.url ?? '/', 'http://sandbox');
  if (isControlled && url.pathname.startsWith('/sandbox/')) return control(sandbox, message, url, response);
  const protocol = protocolAt(url.pathname);
  if (protocol && message.method === 'POST') return serve(sandbox, protocol, message, response);
  if (url.pathname === '/v1/models' && message.method === 'GET')
    return sendJson(response, 200, listModels(message.headers));
  const text = `Unknown request URL: ${message.method} ${url.pathname}.`;
  sendJson(response, 404, { error: { type: 'invalid_request_error', message: text } });
}
