import type { Middleware } from 'koa';

/** The one style that Bull Board's page puts in itself: the colours of its datastore icon (9.10). */
const ICON_STYLE = 'sha256-r2N1TB/gHbBtBZFKg7ejmq1acVSREzucTAEw6ga4hoU=';

/** No inline script, no other inline style, nothing from anywhere else, in no frame. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  `style-src 'self' '${ICON_STYLE}'`,
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "worker-src 'self'",
  "form-action 'self'",
  "base-uri 'self'",
  "frame-ancestors 'none'",
].join('; ');

/** The headers of the board's pages, in place of the API's. */
export const boardHeaders: Middleware = async (ctx, next) => {
  ctx.set('Content-Security-Policy', POLICY);
  ctx.set('X-Frame-Options', 'DENY');
  // With helmet's no-referrer, browsers send `Origin: null` with our own forms.
  ctx.set('Referrer-Policy', 'same-origin');
  ctx.set('Cache-Control', 'no-store');
  await next();
};
