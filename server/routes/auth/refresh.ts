import { z } from 'zod';
import { switchBusiness } from '../../../domain/accounts/own-sessions';
import { findAccount } from '../../../domain/accounts/accounts';
import { rotateSession } from '../../../domain/accounts/rotate';
import { readRefreshToken } from '../../../domain/accounts/tokens';
import { presentBusiness } from '../../../domain/presenters/people';
import { sessionOf } from '../../../domain/roles';
import { notFound, unauthorized } from '../../../lib/errors';
import { announceEnded } from '../../accounts/end-sessions';
import { personalOrigin } from '../../accounts/personal';
import type { ServerContext } from '../../context';
import { handOverMail } from '../../mail/hand-over';
import { defineRoute, type Route } from '../../http/route';
import { assertOwnPage, clearRefreshCookie, readRefreshCookie } from './refresh-cookie';
import { refreshBody, switchBusinessBody, switchedSchema, tokensSchema } from './schemas';
import { createTokens } from './tokens';

/** New tokens for a login that goes on. */
export function tokenRoutes(context: ServerContext): Route[] {
  const { db, env } = context;
  const tokens = createTokens(env);
  return [
    defineRoute({
      method: 'post',
      path: '/auth/refresh',
      summary: 'Exchange a refresh token for new tokens',
      tag: 'auth',
      access: { public: true },
      body: refreshBody,
      response: z.strictObject({ tokens: tokensSchema }),
      handler: async ({ body, koa, requestId }) => {
        const fromCookie = body.refreshToken === undefined;
        const text = body.refreshToken ?? readRefreshCookie(koa) ?? '';
        // Before anything is done with it: another site's page must not even end a session.
        if (fromCookie && text) assertOwnPage(koa, env);
        const token = readRefreshToken(text, env.JWT_SECRET);
        const rotation = token && (await rotateSession(db, token, personalOrigin({ koa })));
        if (token && rotation?.kind === 'rotated') {
          const subject = { ...rotation, sessionId: token.sessionId };
          return { data: { tokens: tokens.both(subject, rotation.generation, koa, fromCookie) } };
        }
        if (token && rotation?.kind === 'replayed') {
          announceEnded(context, [token.sessionId], 'refresh_token_replayed');
          void handOverMail(context, rotation.mailId, requestId);
        }
        if (fromCookie) clearRefreshCookie(koa);
        throw unauthorized('The refresh token is wrong or has run out. Log in again.', 'invalid_token');
      },
    }),
    defineRoute({
      method: 'post',
      path: '/auth/switch-business',
      summary: 'Let this login act in another business of mine',
      tag: 'auth',
      access: { policy: () => true },
      body: switchBusinessBody,
      response: switchedSchema,
      handler: async ({ actor, body: { businessId } }) => {
        const sessionId = sessionOf(actor);
        if (!(await switchBusiness(db, sessionId, businessId))) throw notFound('Business');
        const account = await findAccount(db, actor.userId, businessId);
        if (!account) throw notFound('Business');
        if (businessId !== actor.businessId) announceEnded(context, [sessionId], 'business_switched');
        // Without a refresh token: the one that the client holds gives tokens for the new business from now on, and
        // an access token that was stolen must not become one.
        const subject = { userId: actor.userId, businessId, sessionId };
        return {
          data: {
            business: presentBusiness(account.business, account.role),
            tokens: tokens.accessOnly(subject),
          },
        };
      },
    }),
  ];
}
