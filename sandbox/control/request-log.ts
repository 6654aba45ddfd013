import type { Billed } from '../answer/billed';
import type { ProtocolName } from '../request';
import type { Fault } from './behaviour';

/** A request that reached the sandbox. Times are in ms since 1970. */
export interface LoggedRequest {
  /** Grows by one with each request. */
  seq: number;
  protocol: ProtocolName;
  path: string;
  model: string | null;
  /** Its `X-Client-Request-Id`. */
  clientRequestId: string | null;
  /** What the response's `x-request-id` or `request-id` said. */
  requestId: string;
  receivedAt: number;
  body: unknown;
  /** 0 until the response's headers went out. */
  status: number;
  /** `refused`: answered with an error of the request's own making. */
  outcome: 'open' | 'completed' | 'client_closed' | 'refused' | `fault:${Fault}`;
  /** What the call would be charged for: what has been put out so far. null: never accepted. */
  billed: Billed | null;
  closedAt: number | null;
  /** Tokens' worth of chunks that went out. */
  chunksSent: number;
}

/** So many requests are remembered, the latest ones: a long measurement doesn't fill the memory. */
const REMEMBERED = 20_000;

export interface RequestLog {
  add(entry: Omit<LoggedRequest, 'seq'>): LoggedRequest;
  /** Those with a greater `seq`. */
  since(seq: number): LoggedRequest[];
  clear(): void;
}

/** @param enabled false: nothing is remembered */
export function createRequestLog(enabled: boolean): RequestLog {
  let entries: LoggedRequest[] = [];
  let last = 0;
  return {
    add(entry) {
      const logged = { seq: ++last, ...entry };
      if (enabled) entries.push(logged);
      if (entries.length > 2 * REMEMBERED) entries = entries.slice(-REMEMBERED);
      return logged;
    },
    since: (seq) => entries.filter((entry) => entry.seq > seq).slice(-REMEMBERED),
    clear: () => {
      entries = [];
    },
  };
}
