import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventually } from '../support/eventually';

/** A request that waits for the test to answer it. */
export interface HeldRequest {
  answer(data: unknown): void;
}

/** Someone else's server, whose answers and patience are the test's. */
export interface TestSource {
  port: number;
  /** A widget's source under this name. */
  source(name: string): object;
  /** The request of this name with this number, from 1, past or to come. */
  request(name: string, number: number): Promise<HeldRequest>;
  /** Answers what waits under this name and all that comes, at once or after a while. */
  answerAll(name: string, data: () => unknown, afterMs?: number): void;
  count(name: string): number;
  /** Most requests of one name that were open at the same moment; a killed worker's are closed. */
  mostAtOnce(name: string): number;
  close(): Promise<void>;
}

interface Endpoint {
  requests: HeldRequest[];
  open: Set<ServerResponse>;
  most: number;
  reply: ((request: HeldRequest) => void) | undefined;
}

export async function startSource(): Promise<TestSource> {
  const endpoints = new Map<string, Endpoint>();
  const endpointOf = (name: string): Endpoint => {
    const known = endpoints.get(name);
    if (known) return known;
    const made = {
      requests: [],
      waiting: new Map(),
      open: new Set<ServerResponse>(),
      most: 0,
      reply: undefined,
    };
    endpoints.set(name, made);
    return made;
  };

  const server = createServer((request, response) => {
    const endpoint = endpointOf(request.url?.slice(1) ?? '');
    endpoint.open.add(response);
    endpoint.most = Math.max(endpoint.most, endpoint.open.size);
    response.on('close', () => endpoint.open.delete(response));
    const held: HeldRequest = {
      answer(data) {
        // Not once it is flushed: by then the next request of this name may be here.
        endpoint.open.delete(response);
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify(data));
      },
    };
    endpoint.requests.push(held);
    endpoint.reply?.(held);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const timers = new Set<NodeJS.Timeout>();

  return {
    port,
    source: (name) => ({ kind: 'http', url: `http://127.0.0.1:${port}/${name}`, method: 'GET', headers: {} }),
    request: (name, number) =>
      eventually(`request ${number} for ${name}`, () => endpointOf(name).requests[number - 1]),
    answerAll(name, data, afterMs = 0) {
      const endpoint = endpointOf(name);
      endpoint.reply = (held) => {
        if (afterMs === 0) return held.answer(data());
        const timer = setTimeout(() => {
          timers.delete(timer);
          held.answer(data());
        }, afterMs);
        timers.add(timer);
      };
      if (endpoint.open.size > 0) endpoint.requests.forEach(endpoint.reply);
    },
    count: (name) => endpointOf(name).requests.length,
    mostAtOnce: (name) => endpointOf(name).most,
    async close() {
      for (const timer of timers) clearTimeout(timer);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
