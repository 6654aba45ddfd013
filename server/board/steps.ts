import type { Context } from 'koa';
import { withSystem } from '../../db/scope';
import { completeChallenge, openChallenge } from '../../domain/accounts/challenges';
import { checkPassword } from '../../domain/accounts/check-password';
import { isUnchanged } from '../../domain/accounts/open-session';
import { openOperatorSession } from '../../domain/accounts/operator-sessions';
import { challengeTokenOf, readChallengeToken } from '../../domain/accounts/tokens';
import { unauthorized } from '../../lib/errors';
import { personalOrigin } from '../accounts/personal';
import { refusalOf } from '../accounts/refused';
import type { ServerContext } from '../context';

/** One answer for a wrong password, an unknown address and a person who is no operator. */
const REFUSED = 'The address or the password is wrong, or it is not an operator’s.';
const WRONG_CODE = 'The code is wrong or was used already.';
const GONE = 'This login has waited too long or was tried too often. Begin again.';
/** Longest address there is. */
const MAX_EMAIL = 254;

/** What a right answer leads to: the session, or the question for the second factor. */
export type Step = { kind: 'session'; sessionId: string } | { kind: 'challenge'; challenge: string };

/**
 * The two steps of an operator's login, under the same lock as everybody's. Both throw HttpError with what the page
 * says.
 */
export function createSteps(context: ServerContext) {
  const { db, env } = context;
  const requestIdOf = (ctx: Context) => ctx.state.requestId as string;

  return {
    async password(ctx: Context, form: URLSearchParams): Promise<Step> {
      // No address holds U+0000, and Postgres takes no text that does.
      const email = (form.get('email') ?? '').replaceAll('\0', '').slice(0, MAX_EMAIL);
      const origin = personalOrigin({ koa: ctx });
      const checked = await checkPassword(db, email, form.get('password') ?? '', origin);
      if (checked.kind !== 'right') {
        throw refusalOf(context, checked, requestIdOf(ctx), unauthorized(REFUSED));
      }
      const { person } = checked;
      return withSystem<Step>(db, async (tx) => {
        if (!person.operator || !(await isUnchanged(tx, person))) throw unauthorized(REFUSED);
        if (person.user.twoFactorEnabledAt) {
          const id = await openChallenge(tx, person.user.id);
          return { kind: 'challenge', challenge: challengeTokenOf(id, env.JWT_SECRET) };
        }
        const sessionId = await openOperatorSession(tx, person.user.id, origin);
        if (sessionId === undefined) throw unauthorized(REFUSED);
        return { kind: 'session', sessionId };
      });
    },

    async code(ctx: Context, form: URLSearchParams): Promise<Step> {
      const challengeId = readChallengeToken(form.get('challenge') ?? '', env.JWT_SECRET);
      if (challengeId === undefined) throw unauthorized(GONE, 'invalid_challenge');
      const code = (form.get('code') ?? '').trim();
      const factor = /^\d{6}$/.test(code) ? { code } : { recoveryCode: code };
      const origin = personalOrigin({ koa: ctx });
      const check = { factor, keys: env.ENCRYPTION_KEYS, origin };
      const done = await completeChallenge(db, challengeId, check, (tx, userId) =>
        openOperatorSession(tx, userId, origin),
      );
      if (done.kind === 'gone') throw unauthorized(GONE, 'invalid_challenge');
      if (done.kind !== 'right') {
        throw refusalOf(context, done, requestIdOf(ctx), unauthorized(WRONG_CODE, 'invalid_code'));
      }
      if (done.value === undefined) throw unauthorized(REFUSED);
      return { kind: 'session', sessionId: done.value };
    },
  };
}
