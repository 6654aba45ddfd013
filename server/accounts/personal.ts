import type { Context } from 'koa';
import type { AuditOrigin } from '../../domain/audit/record';
import type { Actor } from '../../domain/roles';
import { originOf } from '../http/audit-origin';

/** What concerns a person in all of their businesses (passwords, sessions) is written down for none of them. */
export const personalOrigin = (request: { actor?: Actor | undefined; koa: Context }): AuditOrigin => ({
  ...originOf({ actor: request.actor, koa: request.koa }),
  businessId: null,
});
