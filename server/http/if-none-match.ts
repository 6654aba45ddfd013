import type { Context } from 'koa';

/**
 * Whether the client holds this ETag. Not Koa's `ctx.fresh`: that answers no to a request with
 * `Cache-Control: no-cache`, which fetch() adds to every request with an If-None-Match of its caller's.
 * @param etag with its quotes
 */
export const holdsEtag = (ctx: Pick<Context, 'get'>, etag: string): boolean =>
  ctx
    .get('if-none-match')
    .split(/,\s*/)
    .some((candidate) => candidate.replace(/^W\//, '') === etag);
