import type { Middleware } from 'koa';
import helmet from 'koa-helmet';
import { API_PREFIX } from '../http/register-routes';

/**
 * koa-helmet, twice: whole for pages, and for the API only what means something on JSON. Each header costs about
 * 2 µs, and the API's answers are small and many.
 * @param isTls people reach us by https (PUBLIC_URL): only then may browsers be told to insist on it
 */
export function securityHeaders(isTls: boolean): Middleware {
  const strictTransportSecurity = isTls ? { maxAge: 31_536_000, includeSubDomains: true } : false;
  // Each page has a policy of its own, for what it needs; the rest needs nothing.
  const contentSecurityPolicy = {
    useDefaults: false,
    directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
  };
  const pages = helmet({ strictTransportSecurity, contentSecurityPolicy });
  const api = helmet({
    strictTransportSecurity,
    contentSecurityPolicy,
    crossOriginOpenerPolicy: false,
    originAgentCluster: false,
    dnsPrefetchControl: false,
    frameguard: false,
    ieNoOpen: false,
    permittedCrossDomainPolicies: false,
    xssFilter: false,
  });
  return (ctx, next) => {
    if (!ctx.path.startsWith(API_PREFIX)) return pages(ctx, next);
    // First, so that errors have it, too; what may be kept says so itself.
    ctx.set('Cache-Control', 'private, no-store');
    return api(ctx, next);
  };
}
