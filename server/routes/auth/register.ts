import { findAccount, register } from '../../../domain/accounts/accounts';
import { assertPasswordAllowed } from '../../../domain/accounts/password-rules';
import { presentBusiness, presentUser } from '../../../domain/presenters/people';
import { conflict, unauthorized } from '../../../lib/errors';
import { personalOrigin } from '../../accounts/personal';
import type { ServerContext } from '../../context';
import { handOverMail } from '../../mail/hand-over';
import { defineRoute, type Route } from '../../http/route';
import { assertOwnPage } from './refresh-cookie';
import { accountSchema, meSchema, registerBody } from './schemas';
import { createTokens } from './tokens';

export function registerRoutes(context: ServerContext): Route[] {
  const { db, env } = context;
  const tokens = createTokens(env);
  return [
    defineRoute({
      method: 'post',
      path: '/auth/register',
      summary: 'Register a person and their business',
      tag: 'auth',
      access: { public: true },
      limits: ['register'],
      body: registerBody,
      response: accountSchema,
      status: 201,
      handler: async ({ body: { cookie, ...input }, koa, requestId }) => {
        if (cookie) assertOwnPage(koa, env);
        assertPasswordAllowed(input.password, { ...input, twoFactor: false });
        const registered = await register(db, input, personalOrigin({ koa }));
        if (registered.mailId !== undefined) void handOverMail(context, registered.mailId, requestId);
        if (registered.kind === 'taken') {
          // Says that there is an account, which an answer with tokens can't hide; five an hour learn little by it.
          throw conflict('An account with this address exists already.', 'email_taken', [
            { path: 'email', message: 'is taken' },
          ]);
        }
        const { account, sessionId } = registered;
        return { status: 201, data: tokens.account(account, sessionId, koa, cookie) };
      },
    }),
    defineRoute({
      method: 'get',
      path: '/auth/me',
      summary: 'Who am I, and in which business',
      tag: 'auth',
      access: { policy: () => true },
      response: meSchema,
      handler: async ({ actor }) => {
        const account = await findAccount(db, actor.userId, actor.businessId);
        if (!account) throw unauthorized('This session has ended. Log in again.', 'session_ended');
        return {
          data: {
            user: presentUser(account.user),
            business: presentBusiness(account.business, account.role),
          },
        };
      },
    }),
  ];
}
