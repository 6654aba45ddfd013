import type { Context } from 'koa';

/** Pages of the documentation, each with what it needs beyond the strict policy that all share. */
export type DocsPage = 'swagger' | 'redoc' | 'realtime';

/** styled-components makes an empty style element and fills it rule by rule, which no policy forbids. */
const EMPTY_STYLE = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='";
/** The one style element that ReDoc's bundle fills with a text (2.5.4). */
const SCROLLBAR_STYLE = "'sha256-QMIg+bpjm3JdElJ388KYke01izlUW0UoNOeKjpMxdgc='";

/**
 * No inline script, nothing from anywhere else, in no frame. What the two libraries need on top, found by looking
 * at the browser's console:
 */
const RELAXED: Record<DocsPage, Record<string, string[]>> = {
  swagger: {},
  redoc: {
    'style-src': [EMPTY_STYLE, SCROLLBAR_STYLE],
    'worker-src': ['blob:'],
  },
  realtime: {},
};

/** @param apiOrigin where "try it out" sends its requests, beside the page's own origin */
export function setDocsHeaders(ctx: Context, page: DocsPage, apiOrigin: string | undefined): void {
  const directives: Record<string, string[]> = {
    'default-src': ["'none'"],
    'script-src': ["'self'"],
    'style-src': ["'self'"],
    'img-src': ["'self'", 'data:'],
    'connect-src': ["'self'", ...(apiOrigin ? [apiOrigin] : [])],
    'form-action': ["'none'"],
    'base-uri': ["'none'"],
    'frame-ancestors': ["'none'"],
  };
  for (const [directive, sources] of Object.entries(RELAXED[page])) {
    directives[directive] = [...(directives[directive] ?? []), ...sources];
  }
  ctx.set(
    'Content-Security-Policy',
    Object.entries(directives)
      .map(([directive, sources]) => `${directive} ${sources.join(' ')}`)
      .join('; '),
  );
  ctx.set('X-Frame-Options', 'DENY');
}
