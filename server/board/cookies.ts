import type { Context } from 'koa';
import { randomBytes } from 'node:crypto';
import { OPERATOR_SESSION_HOURS } from '../../domain/accounts/operator-sessions';
import type { Env } from '../../lib/env';
import { BOARD_PATH } from './path';
import { isSigned, sign } from './signature';

const SESSION_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const FORM_NONCE = /^[\w-]{32}$/;
const FORM_NONCE_BYTES = 24;
const SECONDS_PER_HOUR = 3_600;

/** Bull Board sends its HTTP client's (axios') default pair: this cookie's value comes back in this header. */
const REQUEST_TOKEN_COOKIE = 'XSRF-TOKEN';
export const REQUEST_TOKEN_HEADER = 'x-xsrf-token';

/**
 * The cookies of the board. All are SameSite=Strict, so no other site's page makes a browser send them.
 *
 * Behind https (PUBLIC_URL says so) the session's is a `__Host-` cookie: no subdomain and no plain http can set
 * it. Without, as on one's own machine, it is confined to the board's path.
 */
export function createBoardCookies({
  JWT_SECRET: secrets,
  PUBLIC_URL,
}: Pick<Env, 'JWT_SECRET' | 'PUBLIC_URL'>) {
  const isSecure = PUBLIC_URL?.startsWith('https:') ?? false;
  const named = (name: string) => (isSecure ? `__Host-${name}` : name);
  const sessionName = named('liveboard_operator');
  const formName = named('liveboard_operator_form');

  function set(ctx: Context, name: string, value: string, seconds: number, isHttpOnly = true): void {
    const path = name.startsWith('__Host-') ? '/' : BOARD_PATH;
    const flags = `${isHttpOnly ? '; HttpOnly' : ''}${isSecure ? '; Secure' : ''}`;
    ctx.append('Set-Cookie', `${name}=${value}; Path=${path}; Max-Age=${seconds}; SameSite=Strict${flags}`);
  }

  return {
    /** The session that the browser holds; undefined where its signature is not ours. */
    sessionId(ctx: Context): string | undefined {
      const [id = '', signature = ''] = (ctx.cookies.get(sessionName) ?? '').split('.', 2);
      const isOurs = SESSION_ID.test(id) && isSigned('operator session', id, signature, secrets);
      return isOurs ? id : undefined;
    },
    openSession(ctx: Context, id: string): void {
      const seconds = OPERATOR_SESSION_HOURS * SECONDS_PER_HOUR;
      set(ctx, sessionName, `${id}.${sign('operator session', id, secrets)}`, seconds);
      set(ctx, REQUEST_TOKEN_COOKIE, this.requestToken(id), seconds, false);
      set(ctx, formName, '', 0);
    },
    closeSession(ctx: Context): void {
      set(ctx, sessionName, '', 0);
      set(ctx, REQUEST_TOKEN_COOKIE, '', 0, false);
    },
    /** What each state-changing request of the session must carry, in a header or a form's field. */
    requestToken: (sessionId: string): string => sign('operator request', sessionId, secrets),
    isRequestToken: (sessionId: string, token: string): boolean =>
      isSigned('operator request', sessionId, token, secrets),
    /** A token for the login form, where there is no session yet: tied to a cookie of this browser. */
    formToken(ctx: Context): string {
      const held = ctx.cookies.get(formName) ?? '';
      const nonce = FORM_NONCE.test(held) ? held : randomBytes(FORM_NONCE_BYTES).toString('base64url');
      if (nonce !== held) set(ctx, formName, nonce, OPERATOR_SESSION_HOURS * SECONDS_PER_HOUR);
      return sign('operator form', nonce, secrets);
    },
    isFormToken(ctx: Context, token: string): boolean {
      const nonce = ctx.cookies.get(formName) ?? '';
      return FORM_NONCE.test(nonce) && isSigned('operator form', nonce, token, secrets);
    },
  };
}

export type BoardCookies = ReturnType<typeof createBoardCookies>;
