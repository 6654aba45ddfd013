import { changePassword } from '../../../domain/accounts/change-password';
import { assertPasswordAllowed } from '../../../domain/accounts/password-rules';
import { sessionOf } from '../../../domain/roles';
import { badRequest, conflict } from '../../../lib/errors';
import { confirmPassword } from '../../accounts/confirm-password';
import { announceEnded } from '../../accounts/end-sessions';
import { personalOrigin } from '../../accounts/personal';
import type { ServerContext } from '../../context';
import { handOverMail } from '../../mail/hand-over';
import { defineRoute, type Route } from '../../http/route';
import { changePasswordBody } from './schemas';

export function passwordRoutes(context: ServerContext): Route[] {
  return [
    defineRoute({
      method: 'post',
      path: '/auth/change-password',
      summary: 'Change my password and end my other sessions',
      tag: 'auth',
      access: { policy: () => true },
      limits: ['login'],
      body: changePasswordBody,
      status: 204,
      handler: async (request) => {
        const { actor, body, koa, requestId } = request;
        const keep = sessionOf(actor);
        const person = await confirmPassword(context, request, body.currentPassword, 'currentPassword');
        const { email, name, twoFactorEnabledAt } = person.user;
        const owner = { email, name, twoFactor: twoFactorEnabledAt !== null };
        assertPasswordAllowed(body.newPassword, owner, 'newPassword');
        if (body.newPassword === body.currentPassword) {
          throw badRequest('newPassword: must be another one', [
            { path: 'newPassword', message: 'must be another one' },
          ]);
        }
        const changed = await changePassword(context.db, person, {
          password: body.newPassword,
          keep,
          origin: personalOrigin({ actor, koa }),
        });
        if (!changed) throw conflict('The password was changed at the same moment.');
        announceEnded(context, changed.sessionIds, 'password_changed');
        void handOverMail(context, changed.mailId, requestId);
        return { status: 204 };
      },
    }),
  ];
}
