import type { Context } from 'koa';
import { ACCESS_TOKEN_SECONDS, refreshTokenOf, signAccessToken } from '../../../domain/accounts/tokens';
import type { Account } from '../../../domain/accounts/accounts';
import { presentBusiness, presentUser } from '../../../domain/presenters/people';
import type { Env } from '../../../lib/env';
import { assertOwnPage, setRefreshCookie } from './refresh-cookie';

export interface TokenSubject {
  userId: string;
  businessId: string;
  sessionId: string;
}

/** What gives clients their tokens. */
export function createTokens(env: Env) {
  const secrets = env.JWT_SECRET;

  const accessOnly = (subject: TokenSubject) => ({
    accessToken: signAccessToken(subject, secrets),
    expiresIn: ACCESS_TOKEN_SECONDS,
  });

  /** Both tokens; with `cookie` the refresh token goes into the browser's cookie and not into the answer. */
  function both(subject: TokenSubject, generation: number, ctx: Context, cookie: boolean) {
    const refreshToken = refreshTokenOf(subject.sessionId, generation, secrets);
    if (!cookie) return { ...accessOnly(subject), refreshToken };
    assertOwnPage(ctx, env);
    setRefreshCookie(ctx, refreshToken);
    return accessOnly(subject);
  }

  return {
    accessOnly,
    both,
    /** What a login that is complete answers. */
    account: ({ user, business, role }: Account, sessionId: string, ctx: Context, cookie: boolean) => ({
      user: presentUser(user),
      business: presentBusiness(business, role),
      tokens: both({ userId: user.id, businessId: business.id, sessionId }, 1, ctx, cookie),
    }),
  };
}
