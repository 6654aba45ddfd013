import type { Context } from 'koa';
import type { AuditOrigin } from '../../domain/audit/record';
import type { Actor } from '../../domain/roles';

/** Longest texts that are kept of what a client says of itself, characters. */
const MAX_USER_AGENT = 500;
const MAX_IP = 64;

/** Who makes this request and from where, for {@link recordAudit}. The actor is absent on a public route. */
export const originOf = ({ actor, koa }: { actor: Actor | undefined; koa: Context }): AuditOrigin => ({
  actorId: actor?.userId ?? null,
  apiKeyId: actor?.apiKey?.id ?? null,
  sessionId: actor?.sessionId ?? null,
  businessId: actor?.businessId ?? null,
  requestId: koa.state.requestId as string,
  ip: koa.ip ? koa.ip.slice(0, MAX_IP) : null,
  userAgent: storable(koa.get('user-agent').slice(0, MAX_USER_AGENT)) || null,
});

/** Postgres takes no U+0000; Node lets none through in a header, but half a surrogate pair may come of the cut. */
const storable = (text: string): string => text.replaceAll('\0', '').toWellFormed();
