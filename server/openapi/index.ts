import Router from '@koa/router';
import { sha256 } from '../../lib/ids';
import { asyncApiDocument } from '../asyncapi/document';
import { holdsEtag } from '../http/if-none-match';
import { API_PREFIX } from '../http/register-routes';
import type { Route } from '../http/route';
import { openApiDocument } from './document';

interface Made {
  text: string;
  etag: string;
}

/**
 * `GET /api/v1/openapi.json` and `/api/v1/asyncapi.json`: the documents themselves, outside of the envelope, as tools
 * expect them. Neither the routes nor the events change while the process lives, so each is made once, when someone
 * first asks.
 */
export function openApiRouter(routes: readonly Route[], serverUrl: string | undefined): Router {
  const router = new Router({ prefix: API_PREFIX });
  const documents = {
    '/openapi.json': once(() => openApiDocument(routes, serverUrl)),
    '/asyncapi.json': once(() => asyncApiDocument(serverUrl)),
  };
  for (const [path, made] of Object.entries(documents)) {
    router.get(path, (ctx) => {
      const { text, etag } = made();
      ctx.set('ETag', etag);
      ctx.set('Cache-Control', 'public, no-cache');
      if (holdsEtag(ctx, etag)) {
        ctx.status = 304;
        return;
      }
      ctx.type = 'application/json; charset=utf-8';
      ctx.body = text;
    });
  }
  return router;
}

function once(make: () => object): () => Made {
  let made: Made | undefined;
  return () => {
    if (made) return made;
    const text = JSON.stringify(make());
    made = { text, etag: `"${sha256(text).slice(0, 32)}"` };
    return made;
  };
}
