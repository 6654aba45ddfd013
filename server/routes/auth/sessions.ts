import { z } from 'zod';
import { listSessions } from '../../../domain/accounts/own-sessions';
import { sessionOf } from '../../../domain/roles';
import { notFound } from '../../../lib/errors';
import { endSessions } from '../../accounts/end-sessions';
import { personalOrigin } from '../../accounts/personal';
import type { ServerContext } from '../../context';
import { defineRoute, type Route } from '../../http/route';
import { clearRefreshCookie } from './refresh-cookie';
import { logoutAllBody, sessionSchema } from './schemas';

const anyone = () => true;

/** A person's own logins: to see them and to end them. */
export function sessionRoutes(context: ServerContext): Route[] {
  return [
    defineRoute({
      method: 'post',
      path: '/auth/logout',
      summary: 'End this session',
      tag: 'auth',
      access: { policy: anyone },
      status: 204,
      handler: async ({ actor, koa }) => {
        const which = { userId: actor.userId, only: sessionOf(actor) };
        await endSessions(context, which, 'logout', personalOrigin({ actor, koa }));
        clearRefreshCookie(koa);
        return { status: 204 };
      },
    }),
    defineRoute({
      method: 'post',
      path: '/auth/logout-all',
      summary: 'End all of my sessions',
      tag: 'auth',
      access: { policy: anyone },
      body: logoutAllBody,
      response: z.strictObject({ ended: z.number().int() }),
      handler: async ({ actor, body: { exceptCurrent }, koa }) => {
        const current = sessionOf(actor);
        const which = { userId: actor.userId, ...(exceptCurrent && { except: current }) };
        const ended = await endSessions(context, which, 'logout_all', personalOrigin({ actor, koa }));
        if (!exceptCurrent) clearRefreshCookie(koa);
        return { data: { ended: ended.length } };
      },
    }),
    defineRoute({
      method: 'get',
      path: '/auth/sessions',
      summary: 'My sessions, the last used first',
      tag: 'auth',
      access: { policy: anyone },
      response: z.array(sessionSchema),
      handler: async ({ actor }) => ({
        data: await listSessions(context.db, actor.userId, sessionOf(actor)),
      }),
    }),
    defineRoute({
      method: 'delete',
      path: '/auth/sessions/:id',
      summary: 'End one of my sessions',
      tag: 'auth',
      access: { policy: anyone },
      params: z.strictObject({ id: z.uuid() }),
      status: 204,
      handler: async ({ actor, params: { id }, koa }) => {
        const which = { userId: actor.userId, only: id };
        const ended = await endSessions(context, which, 'revoked', personalOrigin({ actor, koa }));
        if (ended.length === 0) throw notFound('Session');
        if (id === actor.sessionId) clearRefreshCookie(koa);
        return { status: 204 };
      },
    }),
  ];
}
