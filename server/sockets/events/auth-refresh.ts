import { z } from 'zod';
import { HttpError } from '../../../lib/errors';
import { defineEvent, everyLogin } from './event';

/** A socket goes on with a newer token of the same login. Another person's, business's or login's needs a new socket. */
export const authRefresh = defineEvent({
  name: 'auth.refresh',
  payload: z.strictObject({ token: z.string().min(1).max(8_192) }),
  access: everyLogin,
  async handle({ authenticator }, { data }, { token }) {
    const { actor, expiresAt } = await authenticator.authenticate(token);
    const { actor: current } = data;
    const isSame =
      actor.userId === current.userId &&
      actor.sessionId === current.sessionId &&
      actor.businessId === current.businessId;
    if (!isSame) {
      throw new HttpError(
        403,
        'session_mismatch',
        'This token is of another login. Open a new connection with it.',
      );
    }
    data.actor = actor;
    // An older token of the same login must not shorten what a newer one gave.
    data.expiresAt = Math.max(data.expiresAt, expiresAt.getTime());
    data.isExpiryAnnounced = false;
    return { expiresIn: Math.floor((data.expiresAt - Date.now()) / 1_000) };
  },
});
