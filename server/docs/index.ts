import type { Context, Middleware } from 'koa';
import { holdsEtag } from '../http/if-none-match';
import { assetOf } from './assets';
import { setDocsHeaders, type DocsPage } from './headers';
import { REDOC_PAGE, SWAGGER_PAGE } from './pages';
import { realtimePage } from './realtime';

const PAGES: Record<string, { page: DocsPage; html: () => string }> = {
  '/docs': { page: 'swagger', html: () => SWAGGER_PAGE },
  '/redoc': { page: 'redoc', html: () => REDOC_PAGE },
  '/docs/realtime': { page: 'realtime', html: once(realtimePage) },
};

/**
 * `/docs` (Swagger UI), `/redoc` (ReDoc) and `/docs/realtime`: the API for people. Everything comes from this
 * server, under a content security policy of its own for each page.
 * @param publicUrl PUBLIC_URL: where the document says that the API is
 */
export function docsPages(publicUrl: string | undefined): Middleware {
  const apiOrigin = publicUrl && new URL(publicUrl).origin;
  return async (ctx, next) => {
    if (ctx.method !== 'GET' && ctx.method !== 'HEAD') return next();
    const path = ctx.path.replace(/\/$/, '');
    const page = Object.hasOwn(PAGES, path) ? PAGES[path] : undefined;
    if (page) {
      ctx._matchedRoute = path;
      setDocsHeaders(ctx, page.page, apiOrigin);
      ctx.set('Cache-Control', 'public, no-cache');
      ctx.type = 'html';
      ctx.body = page.html();
      return undefined;
    }
    const asset = await assetOf(path);
    if (!asset) return next();
    ctx._matchedRoute = path;
    answer(ctx, asset);
    return undefined;
  };
}

function answer(
  ctx: Context,
  { type, etag, content }: { type: string; etag: string; content: Buffer },
): void {
  ctx.set('ETag', etag);
  // Kept by the browser, asked for each time: a new version's files have the same names.
  ctx.set('Cache-Control', 'public, no-cache');
  if (holdsEtag(ctx, etag)) {
    ctx.status = 304;
    return;
  }
  ctx.type = type;
  ctx.body = content;
}

function once(make: () => string): () => string {
  let made: string | undefined;
  return () => (made ??= make());
}
