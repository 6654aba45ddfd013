import Router from '@koa/router';
import { sha256 } from '../../lib/ids';
import { holdsEtag } from '../http/if-none-match';
import { API_PREFIX } from '../http/register-routes';
import type { Route } from '../http/route';
import { openApiDocument } from './document';

/** `GET /api/v1/openapi.json`: the document itself, outside of the envelope, as tools expect it. */
export function openApiRouter(routes: readonly Route[], serverUrl: string | undefined): Router {
  const router = new Router({ prefix: API_PREFIX });
  let made: { text: string; etag: string } | undefined;
  router.get('/openapi.json', (ctx) => {
    // The routes do not change while the process lives, so it is made once, when someone first asks.
    made ??= make(routes, serverUrl);
    ctx.set('ETag', made.etag);
    ctx.set('Cache-Control', 'public, no-cache');
    if (holdsEtag(ctx, made.etag)) {
      ctx.status = 304;
      return;
    }
    ctx.type = 'application/json; charset=utf-8';
    ctx.body = made.text;
  });
  return router;
}

function make(routes: readonly Route[], serverUrl: string | undefined): { text: string; etag: string } {
  const text = JSON.stringify(openApiDocument(routes, serverUrl));
  return { text, etag: `"${sha256(text).slice(0, 32)}"` };
}
