import {
  disableTwoFactor,
  enableTwoFactor,
  renewRecoveryCodes,
  type TwoFactorChanged,
} from '../../../domain/accounts/switch-two-factor';
import { MIN_PASSWORD } from '../../../domain/accounts/password-rules';
import { findAccount } from '../../../domain/accounts/accounts';
import { otpauthUrlOf } from '../../../domain/accounts/totp';
import { setUpTwoFactor } from '../../../domain/accounts/two-factor';
import { sessionOf } from '../../../domain/roles';
import { badRequest, conflict, unauthorized } from '../../../lib/errors';
import { confirmPassword } from '../../accounts/confirm-password';
import { announceEnded } from '../../accounts/end-sessions';
import { personalOrigin } from '../../accounts/personal';
import { refusalOf } from '../../accounts/refused';
import type { ServerContext } from '../../context';
import { handOverMail } from '../../mail/hand-over';
import { defineRoute, type Route } from '../../http/route';
import { factorOf } from './factor';
import {
  confirmTwoFactorBody,
  enableTwoFactorBody,
  recoveryCodesSchema,
  setUpTwoFactorBody,
  twoFactorSetupSchema,
} from './schemas';

const anyone = () => true;
const wrongCode = () =>
  badRequest('The code is wrong or was used already.', [{ path: 'code', message: 'is wrong' }], 'wrong_code');
const isOn = () => conflict('Two-factor authentication is on already.', 'two_factor_on');
const isOff = () => conflict('Two-factor authentication is not on.', 'two_factor_off');

/** Time-based codes of an authenticator app (RFC 6238) beside the password. */
export function twoFactorRoutes(context: ServerContext): Route[] {
  const { db, env } = context;

  function announce({ sessionIds, mailId }: TwoFactorChanged, requestId: string): void {
    announceEnded(context, sessionIds, 'two_factor_changed');
    void handOverMail(context, mailId, requestId);
  }

  return [
    defineRoute({
      method: 'post',
      path: '/auth/2fa/setup',
      summary: 'Begin to set up two-factor authentication',
      tag: 'auth',
      access: { policy: anyone },
      limits: ['login'],
      body: setUpTwoFactorBody,
      response: twoFactorSetupSchema,
      handler: async (request) => {
        const { user } = await confirmPassword(context, request, request.body.password, 'password');
        const secret = await setUpTwoFactor(db, user.id, env.ENCRYPTION_KEYS);
        if (secret === undefined) throw isOn();
        return { data: { secret, otpauthUrl: otpauthUrlOf(secret, user.email) } };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/auth/2fa/enable',
      summary: 'Turn two-factor authentication on',
      tag: 'auth',
      access: { policy: anyone },
      limits: ['login'],
      body: enableTwoFactorBody,
      response: recoveryCodesSchema,
      handler: async ({ actor, body: { code }, koa, requestId }) => {
        const account = await findAccount(db, actor.userId, actor.businessId);
        if (!account) throw unauthorized('This session has ended. Log in again.', 'session_ended');
        const change = {
          person: account.user,
          sessionId: sessionOf(actor),
          origin: personalOrigin({ actor, koa }),
        };
        const enabled = await enableTwoFactor(db, change, code, env.ENCRYPTION_KEYS);
        if (enabled.kind === 'wrong') throw wrongCode();
        if (enabled.kind === 'not set up') {
          if (account.user.twoFactorEnabledAt) throw isOn();
          throw conflict('Set two-factor authentication up first.', 'two_factor_not_set_up');
        }
        announce(enabled, requestId);
        return { data: { recoveryCodes: enabled.recoveryCodes } };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/auth/2fa/disable',
      summary: 'Turn two-factor authentication off',
      tag: 'auth',
      access: { policy: anyone },
      limits: ['login'],
      body: confirmTwoFactorBody,
      status: 204,
      handler: async (request) => {
        const { actor, body, koa, requestId } = request;
        const factor = factorOf(body);
        const { user } = await confirmPassword(context, request, body.password, 'password');
        if (!user.twoFactorEnabledAt) throw isOff();
        if (Array.from(body.password).length < MIN_PASSWORD) {
          throw conflict(
            `Without a second factor a password needs ${MIN_PASSWORD} characters: change it first.`,
            'password_too_short',
          );
        }
        const change = {
          person: user,
          sessionId: sessionOf(actor),
          origin: personalOrigin({ actor, koa }),
        };
        const disabled = await disableTwoFactor(db, change, factor, env.ENCRYPTION_KEYS);
        if (disabled.kind !== 'right') throw refusalOf(context, disabled, requestId, wrongCode());
        if (!disabled.value) throw isOff();
        announce(disabled.value, requestId);
        return { status: 204 };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/auth/2fa/recovery-codes',
      summary: 'New recovery codes in place of the old ones',
      tag: 'auth',
      access: { policy: anyone },
      limits: ['login'],
      body: confirmTwoFactorBody,
      response: recoveryCodesSchema,
      handler: async (request) => {
        const { actor, body, koa, requestId } = request;
        const factor = factorOf(body);
        const { user } = await confirmPassword(context, request, body.password, 'password');
        if (!user.twoFactorEnabledAt) throw isOff();
        const renewed = await renewRecoveryCodes(db, {
          person: user,
          factor,
          keys: env.ENCRYPTION_KEYS,
          origin: personalOrigin({ actor, koa }),
        });
        if (renewed.kind !== 'right') throw refusalOf(context, renewed, requestId, wrongCode());
        return { data: { recoveryCodes: renewed.value ?? [] } };
      },
    }),
  ];
}
