import type { Context } from 'koa';
import type { Readable } from 'node:stream';
import type { z } from 'zod';
import type { ApiScope } from '../../domain/api-keys/scopes';
import type { Actor } from '../../domain/roles';
import type { RateLimitName } from './rate-limits';

export type Method = 'get' | 'post' | 'patch' | 'put' | 'delete';

/** What a handler is given: everything checked, nothing raw. */
export interface Request<Params, Query, Body> {
  actor: Actor;
  params: Params;
  query: Query;
  body: Body;
  requestId: string;
  /** The version that If-Match demands; undefined without the header. */
  ifMatch: number | undefined;
  idempotencyKey: string | undefined;
  koa: Context;
}

export interface Pagination {
  page: number;
  pageSize: number;
  total: number;
  totalPages: number;
}

/** What a handler answers; the kit puts it into the envelope of product.md. */
export interface Reply<Data> {
  /** 200 where not given. */
  status?: number;
  data?: Data;
  message?: string;
  meta?: { pagination?: Pagination; nextBefore?: string | null };
  /** With it, `If-None-Match` is answered 304. Without quotes. */
  etag?: string;
  headers?: Record<string, string>;
  /** Server-sent events, instead of data. */
  stream?: Readable;
  /** Sent instead of data, as a file to keep. `name` is plain ASCII. */
  file?: { name: string; type: FileType; text: string };
}

export type FileType = 'text/csv' | 'text/css';

/** Who may call: nobody's token needed, or a member whose role passes `policy`. */
export type Access = { public: true } | MemberAccess;

export interface MemberAccess {
  policy: (actor: Actor) => boolean;
  /** What an API key must hold to call this (`any`: nothing in particular); without it the route is closed to keys. */
  scope?: ApiScope | 'any';
  /** Only for people whose e-mail address is verified. */
  verified?: true;
}

export interface Route<
  Params extends z.ZodType = z.ZodType,
  Query extends z.ZodType = z.ZodType,
  Body extends z.ZodType = z.ZodType,
  Data extends z.ZodType = z.ZodType,
> {
  method: Method;
  /** Below /api/v1, with `:id` parameters. */
  path: string;
  summary: string;
  tag: string;
  /** First guard, by role. What depends on the row is asserted in the handler with `authorize`. */
  access: Access;
  /** What a try at this counts against, beside the limits that every caller has who has logged in. */
  limits?: readonly RateLimitName[];
  params?: Params;
  query?: Query;
  body?: Body;
  /** What its success can be as a file; a reply of another type is refused. */
  files?: readonly FileType[];
  /** Largest body, bytes, where it is not the one that all have (json-body). */
  bodyLimit?: number;
  /** The shape of `data` in the answer. */
  response?: Data;
  /** The success status that OpenAPI shows. */
  status?: number;
  /** Its success is a stream of server-sent events. */
  streams?: true;
  handler: (
    request: Request<z.output<Params>, z.output<Query>, z.output<Body>>,
  ) => Promise<Reply<z.input<Data>>>;
}

/** Declares a route; its handler is typed by its schemas. */
export const defineRoute = <
  Params extends z.ZodType = z.ZodType<Record<string, never>>,
  Query extends z.ZodType = z.ZodType<Record<string, never>>,
  Body extends z.ZodType = z.ZodType<undefined>,
  Data extends z.ZodType = z.ZodType,
>(
  route: Route<Params, Query, Body, Data>,
): Route => route;
