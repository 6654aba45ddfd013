import type { IncomingHttpHeaders } from 'node:http';
import type { z } from 'zod';
import type { Billed } from '../answer/billed';
import type { Piece, Stop } from '../answer/pieces';
import type { CheckWording } from '../checks';
import { Refusal } from '../refusal';
import type { ProtocolName, SandboxRequest } from '../request';

/** A wire protocol: reads requests, words refusals, writes answers. */
export interface Protocol {
  name: ProtocolName;
  path: string;
  requestIdHeader: 'x-request-id' | 'request-id';
  overloadedStatus: number;
  /** The key a request brings. */
  apiKey(headers: IncomingHttpHeaders): string | undefined;
  /** @throws Refusal naming the field */
  parse(body: unknown, headers: IncomingHttpHeaders): SandboxRequest;
  wording: CheckWording;
  unknownModel(model: string): Refusal;
  wrongKey(): Refusal;
  /** An event that the protocol's SDK tries to read, and can't. */
  malformedEvent: string;
  errorBody(refusal: Refusal, requestId: string): unknown;
  writer(call: Call): Writer;
}

/** What a writer needs to know of the answer it writes. */
export interface Call {
  request: SandboxRequest;
  /** Seconds since 1970. */
  createdAt: number;
  /** Stands in for the usage, where a test wants another one. */
  usageInstead: { value: unknown } | undefined;
}

/**
 * Writes one answer. It is given every piece in order, also for a response that is not streamed: then what the
 * methods return is not used, and `whole` gives the body.
 */
export interface Writer {
  /** The events before the first piece. */
  open(billed: Billed): string;
  piece(piece: Piece): string;
  /** What is open is closed, and the terminal marker. */
  end(stop: Stop, billed: Billed): string;
  /** The protocol's error in mid-stream, after which nothing comes. */
  error(): string;
  /** The answer ends as failed. */
  failed(billed: Billed): string;
  whole(stop: Stop, billed: Billed): unknown;
}

/** The usage that a call reports: its own, or what the test wants there; undefined leaves it out. */
export function reportedUsage<T>(call: Call, usage: T): T | undefined {
  return call.usageInstead ? ((call.usageInstead.value ?? undefined) as T | undefined) : usage;
}

/** @throws Refusal for the first thing that does not fit */
export function parseBody<T extends z.ZodType>(schema: T, body: unknown): z.output<T> {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
  const param = [...(issue?.path ?? []), ...(unknown === undefined ? [] : [unknown])].join('.');
  if (unknown !== undefined)
    throw new Refusal('invalid', `Unknown parameter: '${param}'.`, { param, code: 'unknown_parameter' });
  throw new Refusal('invalid', `Invalid value for '${param}': ${issue?.message}`, {
    param,
    code: 'invalid_value',
  });
}

/** A server-sent event. Chat Completions name none. */
export const sse = (data: unknown, event?: string): string =>
  `${event ? `event: ${event}\n` : ''}data: ${JSON.stringify(data)}\n\n`;
