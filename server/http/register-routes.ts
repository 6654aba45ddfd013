import Router from '@koa/router';
import type { Context, Middleware } from 'koa';
import { z } from 'zod';
import type { Actor } from '../../domain/roles';
import { badRequest } from '../../lib/errors';
import { createAdmission, type Admission } from './admission';
import type { ServerContext } from '../context';
import { holdsEtag } from './if-none-match';
import { assertStorable, readJsonBody } from './json-body';
import { countAddress, countNetwork } from './count-tries';
import type { RateLimits } from './rate-limits';
import type { Reply, Route } from './route';
import { validate } from './validate';

export const API_PREFIX = '/api/v1';
const nothing = z.strictObject({});
const idempotencyKeySchema = z
  .string()
  .regex(/^[\x21-\x7e]{1,200}$/, 'must be 1 to 200 visible ASCII characters')
  .optional();

/** A router that serves these routes. @throws Error at start for a route without an access rule */
export function routerOf(
  routes: readonly Route[],
  authenticated: Middleware,
  context: Pick<ServerContext, 'db' | 'logger' | 'rateLimits'>,
): Router {
  const router = new Router({ prefix: API_PREFIX });
  const admit = createAdmission(context);
  for (const route of routes) {
    if (!route.access) throw new Error(`${route.method} ${route.path} has no access rule.`);
    const handle: Middleware = (ctx) => serve(route, ctx, admit, context.rateLimits);
    if ('public' in route.access) router[route.method](route.path, handle as never);
    else router[route.method](route.path, authenticated as never, handle as never);
  }
  return router;
}

async function serve(route: Route, ctx: Context, admit: Admission, rateLimits: RateLimits): Promise<void> {
  const actor = ctx.state.actor as Actor;
  if ('policy' in route.access) rateLimits.countRequest(actor);
  if (route.limits) await countNetwork(rateLimits, route.limits, ctx.ip);
  if ('policy' in route.access) await admit(route, route.access, actor, ctx);
  const query = { ...ctx.query };
  assertStorable(query, 'query');
  const hasBody = ctx.method !== 'GET' && ctx.method !== 'DELETE';
  const raw = hasBody ? await readJsonBody(ctx.req, route.bodyLimit) : undefined;
  const body = route.body
    ? validate(route.body, raw === undefined ? {} : raw, 'body')
    : validate(nothing.optional(), raw, 'body');
  if (route.limits) await countAddress(rateLimits, route.limits, body);
  const reply = await route.handler({
    actor,
    params: validate(route.params ?? nothing, { ...ctx.params }, 'path'),
    query: validate(route.query ?? nothing, query, 'query'),
    body,
    requestId: ctx.state.requestId as string,
    ifMatch: ifMatchOf(ctx),
    idempotencyKey: validate(
      idempotencyKeySchema,
      ctx.get('idempotency-key') || undefined,
      'Idempotency-Key',
    ),
    koa: ctx,
  });
  write(route, ctx, reply);
}

function write(route: Route, ctx: Context, reply: Reply<unknown>): void {
  if (reply.headers) ctx.set(reply.headers);
  if (reply.etag !== undefined) {
    // Kept by the client, asked for each time: without a max-age, and not "no-store", which forbids keeping it.
    ctx.set('Cache-Control', 'private, no-cache');
    const etag = `"${reply.etag}"`;
    ctx.set('ETag', etag);
    if (holdsEtag(ctx, etag)) {
      ctx.status = 304;
      return;
    }
  }
  if (reply.stream) {
    ctx.status = 200;
    ctx.type = 'text/event-stream';
    // Proxies that gather what they pass on (nginx) would hold the words back.
    ctx.set('X-Accel-Buffering', 'no');
    ctx.body = reply.stream;
    return;
  }
  ctx.status = reply.status ?? 200;
  if (ctx.status === 204) return;
  if (reply.file) {
    // What the API's description does not know of.
    if (!route.files?.includes(reply.file.type)) throw new Error(`${route.path} answers an undeclared file.`);
    ctx.type = reply.file.type;
    ctx.attachment(reply.file.name);
    ctx.body = reply.file.text;
    return;
  }
  ctx.body = { data: reply.data ?? null, message: reply.message, meta: reply.meta };
}

/** RFC 9110, 13.1.1; our ETags of editable rows begin with their version: "3", or "3-17" where more is shown. */
function ifMatchOf(ctx: Context): number | undefined {
  const header = ctx.get('if-match');
  if (!header || header === '*') return undefined;
  const match = /^(?:W\/)?"(\d{1,15})(?:-\d{1,15})?"$/.exec(header);
  if (!match) {
    throw badRequest('If-Match must be a version in quotes, as the ETag gave it.', [
      { path: 'If-Match', message: 'must be a version in quotes' },
    ]);
  }
  return Number(match[1]);
}
