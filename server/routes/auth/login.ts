import { completeChallenge } from '../../../domain/accounts/challenges';
import { checkPassword } from '../../../domain/accounts/check-password';
import { openLogin, openVerified } from '../../../domain/accounts/logins';
import { challengeTokenOf, readChallengeToken } from '../../../domain/accounts/tokens';
import { forbidden, unauthorized } from '../../../lib/errors';
import { personalOrigin } from '../../accounts/personal';
import { refusalOf } from '../../accounts/refused';
import type { ServerContext } from '../../context';
import { defineRoute, type Route } from '../../http/route';
import { factorOf } from './factor';
import { assertOwnPage } from './refresh-cookie';
import { accountSchema, loginBody, loginSchema, verifyTwoFactorBody } from './schemas';
import { createTokens } from './tokens';

const noBusiness = () => forbidden('This account belongs to no business.', 'no_business');
const wrongPassword = () => unauthorized('The address or the password is wrong.', 'invalid_credentials');
const wrongCode = () => unauthorized('The code is wrong or was used already.', 'invalid_code');
const challengeGone = () =>
  unauthorized('This login has waited too long or was tried too often. Log in again.', 'invalid_challenge');

/** Address and password and, where it is on, the second factor. */
export function loginRoutes(context: ServerContext): Route[] {
  const { db, env } = context;
  const tokens = createTokens(env);
  return [
    defineRoute({
      method: 'post',
      path: '/auth/login',
      summary: 'Log in with address and password',
      tag: 'auth',
      access: { public: true },
      limits: ['login'],
      body: loginBody,
      response: loginSchema,
      handler: async ({ body: { email, password, cookie }, koa, requestId }) => {
        if (cookie) assertOwnPage(koa, env);
        const origin = personalOrigin({ koa });
        const checked = await checkPassword(db, email, password, origin);
        if (checked.kind !== 'right') throw refusalOf(context, checked, requestId, wrongPassword());
        const login = await openLogin(db, checked.person, origin);
        if (login.kind === 'changed') throw wrongPassword();
        if (login.kind === 'no business') throw noBusiness();
        if (login.kind === 'challenge') {
          return {
            data: { twoFactor: { challenge: challengeTokenOf(login.challengeId, env.JWT_SECRET) } },
          };
        }
        return { data: tokens.account(login.account, login.sessionId, koa, cookie) };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/auth/2fa/verify',
      summary: 'Finish a login with the second factor',
      tag: 'auth',
      access: { public: true },
      limits: ['login'],
      body: verifyTwoFactorBody,
      response: accountSchema,
      handler: async ({ body: { challenge, cookie, ...body }, koa, requestId }) => {
        if (cookie) assertOwnPage(koa, env);
        const factor = factorOf(body);
        const challengeId = readChallengeToken(challenge, env.JWT_SECRET);
        if (challengeId === undefined) throw challengeGone();
        const origin = personalOrigin({ koa });
        const check = { factor, keys: env.ENCRYPTION_KEYS, origin };
        const done = await completeChallenge(db, challengeId, check, (tx, userId) =>
          openVerified(tx, userId, origin),
        );
        if (done.kind === 'gone') throw challengeGone();
        if (done.kind !== 'right') throw refusalOf(context, done, requestId, wrongCode());
        if (!done.value) throw noBusiness();
        return { data: tokens.account(done.value.account, done.value.sessionId, koa, cookie) };
      },
    }),
  ];
}
