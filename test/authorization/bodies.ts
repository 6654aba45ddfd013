import { httpConnectionBody, providerBody, themeBody, widgetBody } from '../factories/bodies';
import { PASSWORD } from '../factories/tenant';
import { newId } from '../../lib/ids';
import type { World } from './world';

const code = '000000';

const BODIES: Readonly<Record<string, (world: World) => object>> = {
  'post /auth/switch-business': ({ own: { businessId } }) => ({ businessId }),
  'post /auth/change-password': () => ({
    currentPassword: PASSWORD,
    newPassword: 'another horse battery staple',
  }),
  'post /auth/2fa/setup': () => ({ password: PASSWORD }),
  'post /auth/2fa/enable': () => ({ code }),
  'post /auth/2fa/disable': () => ({ password: PASSWORD, code }),
  'post /auth/2fa/recovery-codes': () => ({ password: PASSWORD, code }),
  'post /auth/resend-verification': () => ({ email: 'someone@example.test' }),
  'post /business/invitations': () => ({ email: `${newId()}@example.test`, role: 'viewer' }),
  'post /widgets': () => widgetBody(),
  'post /connections': () => httpConnectionBody(),
  'patch /connections/:id': () => ({ name: newId() }),
  'post /themes': () => themeBody(),
  'post /providers': () => providerBody(),
};

/** What a route does something with, where the smallest body that its schema takes is refused for what it says. */
export const bodyFor = (world: World, name: string): object | undefined => BODIES[name]?.(world);
