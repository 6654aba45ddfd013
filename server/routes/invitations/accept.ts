import type { z } from 'zod';
import { findAccount } from '../../../domain/accounts/accounts';
import { readLinkToken } from '../../../domain/accounts/link-tokens';
import { assertPasswordAllowed } from '../../../domain/accounts/password-rules';
import { hashPassword } from '../../../domain/accounts/passwords';
import { ACCESS_TOKEN_SECONDS, refreshTokenOf, signAccessToken } from '../../../domain/accounts/tokens';
import { API_KEY_MARK } from '../../../domain/api-keys/key';
import {
  acceptInvitation,
  findOpenInvitation,
  loginRequired,
  type Guest,
} from '../../../domain/invitations/accept';
import { presentBusiness, presentUser } from '../../../domain/presenters/people';
import type { LoggedIn } from '../../../domain/roles';
import { badRequest, forbidden } from '../../../lib/errors';
import type { ServerContext } from '../../context';
import { originOf } from '../../http/audit-origin';
import { defineRoute, type Route } from '../../http/route';
import { announceMember } from '../members/announce';
import { acceptBody, acceptedSchema } from './schemas';

const linkInvalid = () =>
  badRequest(
    'This invitation was accepted or withdrawn, was replaced by a newer one, or has run out. Ask for another.',
    [{ path: 'token', message: 'is not valid any more' }],
    'link_invalid',
  );

/** The first session of who registered with an invitation. */
const FIRST_GENERATION = 1;

/** `POST /invitations/accept`: with a login of the invited address, or by registering with it. */
export function acceptRoute(context: ServerContext): Route {
  const { authenticator, db, env } = context;
  const secrets = env.JWT_SECRET;

  /** Whose access token came with the request; undefined where none did. */
  async function loggedIn(authorization: string): Promise<LoggedIn | undefined> {
    if (authorization === '') return undefined;
    const [, token = ''] = /^Bearer +(\S+)$/i.exec(authorization) ?? [];
    if (token.startsWith(API_KEY_MARK)) {
      throw forbidden('This is not for API keys. Log in to do it.', 'insufficient_scope');
    }
    return (await authenticator.authenticate(token)).actor;
  }

  const tokensOf = (claims: { userId: string; businessId: string; sessionId: string }) => ({
    accessToken: signAccessToken(claims, secrets),
    refreshToken: refreshTokenOf(claims.sessionId, FIRST_GENERATION, secrets),
    expiresIn: ACCESS_TOKEN_SECONDS,
  });

  async function newcomer(id: string, { name, password }: z.output<typeof acceptBody>): Promise<Guest> {
    // Looked at first: hashing a password costs 20 ms that a wrong link must not.
    const open = await findOpenInvitation(db, id);
    if (!open) throw linkInvalid();
    if (open.hasAccount) throw loginRequired();
    if (name === undefined || password === undefined) {
      const missing = Object.entries({ name, password }).filter(([, value]) => value === undefined);
      const details = missing.map(([path]) => ({ path, message: 'is needed to register' }));
      throw badRequest('Register with a name and a password, or log in first.', details);
    }
    assertPasswordAllowed(password, { email: open.email, name, twoFactor: false });
    return { name, passwordHash: await hashPassword(password) };
  }

  return defineRoute({
    method: 'post',
    path: '/invitations/accept',
    summary: 'Join the business that invited you: logged in with that address, or with a name and a password',
    tag: 'people',
    access: { public: true },
    // Not `register`: a team in one office joins within the hour, each with a link that works once.
    limits: ['login'],
    body: acceptBody,
    response: acceptedSchema,
    handler: async ({ body, koa, requestId }) => {
      const id = readLinkToken('invitation', body.token, secrets);
      if (!id) throw linkInvalid();
      const actor = await loggedIn(koa.get('authorization'));
      const guest = actor ? { userId: actor.userId } : await newcomer(id, body);
      const accepted = await acceptInvitation(db, id, guest, originOf({ actor, koa }));
      if (!accepted) throw linkInvalid();
      const { businessId, member, sessionId } = accepted;
      announceMember(context, businessId, member, requestId);
      const account = await findAccount(db, member.userId, businessId);
      if (!account) throw linkInvalid();
      const { userId } = member;
      return {
        message: `You belong to “${account.business.name}” now.`,
        data: {
          user: presentUser(account.user),
          business: presentBusiness(account.business, account.role),
          tokens: sessionId === null ? null : tokensOf({ userId, businessId, sessionId }),
        },
      };
    },
  });
}
