import type { Middleware } from 'koa';
import { randomUUID } from 'node:crypto';

/** A client's own id is taken where it is harmless in a log line and a header. */
const ACCEPTED = /^[A-Za-z0-9._:-]{1,128}$/;

/** `X-Request-Id` in and out; from here it goes into job, log line and event. */
export const requestId: Middleware = (ctx, next) => {
  const given = ctx.get('x-request-id');
  ctx.state.requestId = ACCEPTED.test(given) ? given : randomUUID();
  ctx.set('X-Request-Id', ctx.state.requestId);
  return next();
};
