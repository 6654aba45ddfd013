import {
  DEFAULT_QUIRKS,
  type ProviderConfig,
  type ProviderProtocol,
  PROVIDER_PROTOCOLS,
} from '../../../../domain/providers/config';
import { createProvider, type ProviderOptions } from '../../../../workers/agents/providers';
import {
  type ProviderError,
  type ProviderEvent,
  type ProviderRequest,
} from '../../../../workers/agents/providers/provider';
import { type Answer, startWireServer, type WireServer } from './wire-server';

export const PROTOCOLS = PROVIDER_PROTOCOLS;
export const KEY = 'sk-secret-key';

const open: { close(): Promise<void> }[] = [];

/** To be called after each test. */
export async function closeAll(): Promise<void> {
  for (const each of open.splice(0).toReversed()) await each.close();
}

export async function serve(answer: Answer): Promise<WireServer> {
  const server = await startWireServer(answer);
  open.push(server);
  return server;
}

export const configOf = (
  protocol: ProviderProtocol,
  origin: string,
  config: Partial<ProviderConfig> = {},
): ProviderConfig => ({
  id: 'test',
  protocol,
  baseUrl: protocol === 'anthropic' ? origin : `${origin}/v1`,
  apiKey: KEY,
  quirks: DEFAULT_QUIRKS,
  configuredBy: 'operator',
  isSandbox: false,
  ...config,
});

export function provide(config: ProviderConfig, options: Partial<ProviderOptions> = {}) {
  const provider = createProvider(config, { allowPrivateHosts: [], ...options });
  open.push(provider);
  return provider;
}

export const requestOf = (request: Partial<ProviderRequest> = {}): ProviderRequest => ({
  model: 'asked-model',
  system: 'Be brief.',
  messages: [{ role: 'user', content: 'Hi' }],
  tools: [],
  maxOutputTokens: 100,
  temperature: undefined,
  requestId: 'ledger-1',
  signal: new AbortController().signal,
  ...request,
});

export interface Outcome {
  events: ProviderEvent[];
  error: ProviderError | undefined;
}

/** Reads a call to its end, or its error. */
export async function outcomeOf(stream: AsyncIterable<ProviderEvent>): Promise<Outcome> {
  const events: ProviderEvent[] = [];
  try {
    for await (const event of stream) events.push(event);
    return { events, error: undefined };
  } catch (error) {
    return { events, error: error as ProviderError };
  }
}

/** One call to a server that answers so. */
export async function call(
  protocol: ProviderProtocol,
  answer: Answer,
  {
    request = {},
    config = {},
    options = {},
  }: {
    request?: Partial<ProviderRequest>;
    config?: Partial<ProviderConfig>;
    options?: Partial<ProviderOptions>;
  } = {},
): Promise<Outcome & { server: WireServer }> {
  const server = await serve(answer);
  const provider = provide(configOf(protocol, server.origin, config), options);
  return { ...(await outcomeOf(provider.stream(requestOf(request)))), server };
}

/** An answer that is this body, at once. */
export const saying =
  (body: string, headers: Record<string, string> = {}): Answer =>
  (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream', ...headers });
    response.end(body);
  };

export const textIn = (events: ProviderEvent[]): string =>
  events.map((event) => (event.type === 'text' ? event.text : '')).join('');

export const callsIn = (events: ProviderEvent[]) =>
  events.flatMap((event) => (event.type === 'tool_call' ? [event.call] : []));

export const usageIn = (events: ProviderEvent[]) => events.findLast((event) => event.type === 'usage')?.usage;
