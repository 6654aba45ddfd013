import { z } from 'zod';
import { findAccount, findByCredentials, register, type Account } from '../../../domain/accounts/accounts';
import { assertPasswordAllowed } from '../../../domain/accounts/password-rules';
import { createSession, revokeSession, rotateSession } from '../../../domain/accounts/sessions';
import {
  ACCESS_TOKEN_SECONDS,
  readRefreshToken,
  refreshTokenOf,
  signAccessToken,
} from '../../../domain/accounts/tokens';
import { presentBusiness, presentUser } from '../../../domain/presenters/people';
import { sessionOf } from '../../../domain/roles';
import { forbidden, unauthorized } from '../../../lib/errors';
import { newId } from '../../../lib/ids';
import { sessionRoom } from '../../../realtime/rooms';
import type { ServerContext } from '../../context';
import { defineRoute, type Request, type Route } from '../../http/route';
import { accountSchema, loginBody, meSchema, refreshBody, registerBody, tokensSchema } from './schemas';

const anyone = () => true;

/** `/auth`: registering, logging in and out, and keeping a session (product.md). */
export function authRoutes({ db, env, authenticator, publish, broker }: ServerContext): Route[] {
  const secrets = env.JWT_SECRET;
  const tokensOf = (userId: string, businessId: string, sessionId: string, generation: number) => ({
    accessToken: signAccessToken({ userId, businessId, sessionId }, secrets),
    refreshToken: refreshTokenOf(sessionId, generation, secrets),
    expiresIn: ACCESS_TOKEN_SECONDS,
  });

  async function openSession(account: Account, request: Request<unknown, unknown, unknown>) {
    const session = {
      id: newId(),
      userId: account.user.id,
      businessId: account.business.id,
      userAgent: request.koa.get('user-agent') || undefined,
      ip: request.koa.ip || undefined,
    };
    await createSession(db, session);
    return {
      user: presentUser(account.user),
      business: presentBusiness(account.business, account.role),
      tokens: tokensOf(session.userId, session.businessId, session.id, 1),
    };
  }

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
      handler: async (request) => {
        assertPasswordAllowed(request.body.password, { ...request.body, twoFactor: false });
        const account = await register(db, request.body);
        return { status: 201, data: await openSession(account, request) };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/auth/login',
      summary: 'Log in with address and password',
      tag: 'auth',
      access: { public: true },
      limits: ['login'],
      body: loginBody,
      response: accountSchema,
      handler: async (request) => {
        const found = await findByCredentials(db, request.body.email, request.body.password);
        if (!found) throw unauthorized('The address or the password is wrong.', 'invalid_credentials');
        const { user, business, role } = found;
        if (!business || !role) throw forbidden('This account belongs to no business.', 'no_business');
        return { data: await openSession({ user, business, role }, request) };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/auth/refresh',
      summary: 'Exchange a refresh token for new tokens',
      tag: 'auth',
      access: { public: true },
      body: refreshBody,
      response: z.strictObject({ tokens: tokensSchema }),
      handler: async ({ body }) => {
        const token = readRefreshToken(body.refreshToken, secrets);
        const rotation = token && (await rotateSession(db, token.sessionId, token.generation));
        if (token && rotation?.kind === 'rotated') {
          const { userId, businessId, generation } = rotation;
          return { data: { tokens: tokensOf(userId, businessId, token.sessionId, generation) } };
        }
        if (token && rotation?.kind === 'replayed') {
          authenticator.forget(token.sessionId);
          publish([sessionRoom(token.sessionId)], 'session.revoked', { reason: 'refresh_token_replayed' });
          broker.rooms.disconnect([sessionRoom(token.sessionId)]);
        }
        throw unauthorized('The refresh token is wrong or has run out. Log in again.', 'invalid_token');
      },
    }),
    defineRoute({
      method: 'post',
      path: '/auth/logout',
      summary: 'End this session',
      tag: 'auth',
      access: { policy: anyone },
      status: 204,
      handler: async ({ actor }) => {
        const sessionId = sessionOf(actor);
        await revokeSession(db, sessionId, 'logout');
        authenticator.forget(sessionId);
        publish([sessionRoom(sessionId)], 'session.revoked', { reason: 'logout' });
        broker.rooms.disconnect([sessionRoom(sessionId)]);
        return { status: 204 };
      },
    }),
    defineRoute({
      method: 'get',
      path: '/auth/me',
      summary: 'Who am I, and in which business',
      tag: 'auth',
      access: { policy: anyone },
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
