import { z } from 'zod';
import { findAccount } from '../../../domain/accounts/accounts';
import { updateProfile } from '../../../domain/accounts/profile';
import { presentUser } from '../../../domain/presenters/people';
import { unauthorized } from '../../../lib/errors';
import { personalOrigin } from '../../accounts/personal';
import type { ServerContext } from '../../context';
import { defineRoute, type Route } from '../../http/route';
import { userSchema } from '../auth/schemas';
import { announceMember } from '../members/announce';

const anyone = () => true;

/** Only https: a page that shows it must not be told to fetch anything else, nor in the clear. */
const avatarUrl = z
  .string()
  .max(2_000)
  .refine(
    (text) => URL.canParse(text) && new URL(text).protocol === 'https:',
    'must be an address that begins with https://',
  );

const profileBody = z.strictObject({
  name: z.string().trim().min(1, 'must not be empty').max(100).optional(),
  avatarUrl: avatarUrl.nullable().optional().describe('null takes it away.'),
});

/** `/users/me`: how a person is shown. The e-mail address stays as it was verified. */
export function userRoutes(context: ServerContext): Route[] {
  const { db } = context;

  async function me(userId: string, businessId: string) {
    const account = await findAccount(db, userId, businessId);
    if (!account) throw unauthorized('This session has ended. Log in again.', 'session_ended');
    return presentUser(account.user);
  }

  return [
    defineRoute({
      method: 'get',
      path: '/users/me',
      summary: 'My profile',
      tag: 'people',
      access: { policy: anyone },
      response: userSchema,
      handler: async ({ actor }) => ({ data: await me(actor.userId, actor.businessId) }),
    }),
    defineRoute({
      method: 'patch',
      path: '/users/me',
      summary: 'Change my name or picture',
      tag: 'people',
      access: { policy: anyone },
      body: profileBody,
      response: userSchema,
      handler: async ({ actor, body, koa, requestId }) => {
        const memberships = await updateProfile(db, actor.userId, body, personalOrigin({ actor, koa }));
        for (const { businessId, ...member } of memberships) {
          announceMember(context, businessId, member, requestId);
        }
        return { data: await me(actor.userId, actor.businessId) };
      },
    }),
  ];
}
