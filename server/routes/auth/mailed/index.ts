import { z } from 'zod';
import { findAccount } from '../../../../domain/accounts/accounts';
import { readLinkToken } from '../../../../domain/accounts/link-tokens';
import { assertPasswordAllowed } from '../../../../domain/accounts/password-rules';
import { hashPassword } from '../../../../domain/accounts/passwords';
import { ownerOfReset, PASSWORD_RESET, resetPassword } from '../../../../domain/accounts/reset-password';
import { verifyEmail } from '../../../../domain/accounts/verify-email';
import { badRequest, unauthorized } from '../../../../lib/errors';
import { announceEnded } from '../../../accounts/end-sessions';
import type { ServerContext } from '../../../context';
import { originOf } from '../../../http/audit-origin';
import { countAddress } from '../../../http/count-tries';
import { defineRoute, type Route } from '../../../http/route';
import { handOverMail } from '../../../mail/hand-over';
import { askForMail } from './ask-for-mail';
import {
  forgotPasswordBody,
  resendBody,
  resetPasswordBody,
  verifiedSchema,
  verifyEmailBody,
} from './schemas';

const ON_ITS_WAY = 'If there is an account with this address, a mail is on its way to it.';

const linkInvalid = () =>
  badRequest(
    'This link was used already, was replaced by a newer one, or has run out. Ask for a new one.',
    [{ path: 'token', message: 'is not valid any more' }],
    'link_invalid',
  );

/** `/auth`: what needs a mailbox (product.md). */
export function mailedRoutes(context: ServerContext): Route[] {
  const { db, env, authenticator, rateLimits } = context;
  const secrets = env.JWT_SECRET;

  /** The address of whoever's access token came with the request. */
  async function ownAddress(authorization: string): Promise<string> {
    const [, token = ''] = /^Bearer (\S+)$/i.exec(authorization) ?? [];
    const { actor } = await authenticator.authenticate(token);
    const account = await findAccount(db, actor.userId, actor.businessId);
    if (!account) throw unauthorized('This session has ended. Log in again.', 'session_ended');
    return account.user.email;
  }

  return [
    defineRoute({
      method: 'post',
      path: '/auth/verify-email',
      summary: 'Verify an address with the link that was mailed to it',
      tag: 'auth',
      access: { public: true },
      body: verifyEmailBody,
      response: verifiedSchema,
      handler: async ({ actor, body, koa }) => {
        const linkId = readLinkToken('verify_email', body.token, secrets);
        const verified = linkId && (await verifyEmail(db, linkId, originOf({ actor, koa })));
        if (!verified) throw linkInvalid();
        // What this process remembers of them is that they may not yet.
        for (const sessionId of verified.sessionIds) authenticator.forget(sessionId);
        return { data: { email: verified.email }, message: 'Your address is verified.' };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/auth/resend-verification',
      summary: 'Mail another link to verify an address; the answer tells nothing of it',
      tag: 'auth',
      access: { public: true },
      limits: ['mailRequest'],
      body: resendBody,
      response: z.null(),
      status: 202,
      handler: async ({ body, koa, requestId }) => {
        const email = body.email ?? (await ownAddress(koa.get('authorization')));
        await countAddress(rateLimits, ['passwordReset'], { email });
        await askForMail(context, 'verify_email', email, requestId);
        return { status: 202, message: ON_ITS_WAY };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/auth/forgot-password',
      summary: 'Mail a link to set a new password; the answer tells nothing of the address',
      tag: 'auth',
      access: { public: true },
      limits: ['mailRequest', 'passwordReset'],
      body: forgotPasswordBody,
      response: z.null(),
      status: 202,
      handler: async ({ body, requestId }) => {
        await askForMail(context, 'reset_password', body.email, requestId);
        return { status: 202, message: ON_ITS_WAY };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/auth/reset-password',
      summary: 'Set a new password with the mailed link; ends every session',
      tag: 'auth',
      access: { public: true },
      body: resetPasswordBody,
      response: z.null(),
      handler: async ({ actor, body, koa, requestId }) => {
        const linkId = readLinkToken('reset_password', body.token, secrets);
        const owner = linkId && (await ownerOfReset(db, linkId));
        if (!linkId || !owner) throw linkInvalid();
        // A password that is refused leaves the link as it is, for the next.
        assertPasswordAllowed(body.password, owner);
        const passwordHash = await hashPassword(body.password);
        const reset = await resetPassword(db, { linkId, passwordHash, origin: originOf({ actor, koa }) });
        if (!reset) throw linkInvalid();
        announceEnded(context, reset.ended, PASSWORD_RESET);
        await handOverMail(context, reset.mailId, requestId);
        return { message: 'Your password is set, and all sessions are logged out. Log in with it.' };
      },
    }),
  ];
}
