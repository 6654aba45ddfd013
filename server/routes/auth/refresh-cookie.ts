import type { Context } from 'koa';
import { IDLE_DAYS } from '../../../domain/accounts/sessions';
import type { Env } from '../../../lib/env';
import { forbidden } from '../../../lib/errors';
import { isSameOrigin } from '../../board/origin';

/**
 * The refresh token where a browser keeps it: out of reach of the page's scripts (HttpOnly), set by this host over
 * TLS and no other (`__Host-`, Secure), and not sent with what another site starts (SameSite). Browsers take http
 * on localhost for secure.
 */
const NAME = '__Host-liveboard_refresh';
const FLAGS = 'Path=/; HttpOnly; Secure; SameSite=Strict';
const SECONDS_PER_DAY = 86_400;

export function setRefreshCookie(ctx: Context, refreshToken: string): void {
  ctx.append('Set-Cookie', `${NAME}=${refreshToken}; Max-Age=${IDLE_DAYS * SECONDS_PER_DAY}; ${FLAGS}`);
}

/** Takes it away, where the browser has one. */
export function clearRefreshCookie(ctx: Context): void {
  if (readRefreshCookie(ctx) !== undefined) ctx.append('Set-Cookie', `${NAME}=; Max-Age=0; ${FLAGS}`);
}

export const readRefreshCookie = (ctx: Context): string | undefined => ctx.cookies.get(NAME);

/**
 * The cookie is given to and taken from pages of ours only (PUBLIC_URL or this host, and CORS_ORIGINS), as the
 * browser itself names them. Whoever is no browser has no use for it.
 * @throws HttpError 403
 */
export function assertOwnPage(ctx: Context, { PUBLIC_URL, CORS_ORIGINS }: Env): void {
  if (isSameOrigin(ctx, PUBLIC_URL) || CORS_ORIGINS.includes(ctx.get('origin'))) return;
  throw forbidden(
    'The refresh cookie is for pages of this platform and of CORS_ORIGINS only.',
    'origin_refused',
  );
}
