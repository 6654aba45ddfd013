import type { Context } from 'koa';
import { withTenant } from '../../db/scope';
import { recordAudit } from '../../domain/audit/record';
import type { Actor } from '../../domain/roles';
import type { HttpError } from '../../lib/errors';
import type { ServerContext } from '../context';
import { originOf } from './audit-origin';
import type { Route } from './route';

/**
 * Writes down that someone tried what is an admin's to do (`access.denied`). That it could not be written down
 * changes nothing for them.
 */
export async function recordDenial(
  { db, logger }: Pick<ServerContext, 'db' | 'logger'>,
  { actor, koa }: { actor: Actor; koa: Context },
  route: Pick<Route, 'method' | 'path'>,
  refusal: HttpError,
): Promise<void> {
  const after = { method: route.method.toUpperCase(), path: koa.path, reason: refusal.code };
  await withTenant(db, actor.businessId, (tx) =>
    recordAudit(tx, originOf({ actor, koa }), {
      action: 'access.denied',
      subject: { kind: 'route', id: `${route.method} ${route.path}` },
      after,
    }),
  ).catch((error: unknown) => logger.error({ err: error, ...after }, 'a denial was not recorded'));
}
