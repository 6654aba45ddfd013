import type { Context } from 'koa';
import type { Actor } from '../../domain/roles';
import { forbidden, type HttpError } from '../../lib/errors';
import type { ServerContext } from '../context';
import { recordDenial } from './denial';
import type { MemberAccess, Route } from './route';

/** Lets an actor through to a route's handler. @throws HttpError 403 */
export type Admission = (
  route: Pick<Route, 'method' | 'path'>,
  access: MemberAccess,
  actor: Actor,
  koa: Context,
) => Promise<void>;

/**
 * A route's first guard: scope of an API key, role, verified address. What an admin alone may change and somebody
 * else tries to is written down.
 */
export function createAdmission(context: Pick<ServerContext, 'db' | 'logger'>): Admission {
  return async (route, access, actor, koa) => {
    const refusal = refusalOf(access, actor);
    if (!refusal) return;
    if (route.method !== 'get' && isAdmins(access, actor))
      await recordDenial(context, { actor, koa }, route, refusal);
    throw refusal;
  };
}

function refusalOf({ policy, scope, verified }: MemberAccess, actor: Actor): HttpError | undefined {
  if (actor.apiKey && !scope) {
    return forbidden('This is not for API keys. Log in to do it.', 'insufficient_scope');
  }
  if (actor.apiKey && scope && scope !== 'any' && !actor.apiKey.scopes.includes(scope)) {
    return forbidden(`This API key lacks the scope ${scope}.`, 'insufficient_scope');
  }
  if (!policy(actor)) return forbidden();
  if (verified && !actor.emailVerified) {
    return forbidden(
      'Verify your e-mail address first: open the link we mailed you, or ask for another with POST /auth/resend-verification.',
      'email_unverified',
    );
  }
  return undefined;
}

/** Whether of all roles only an admin's passes. */
const isAdmins = ({ policy }: MemberAccess, actor: Actor): boolean =>
  policy({ ...actor, role: 'admin' }) && !policy({ ...actor, role: 'manager' });
