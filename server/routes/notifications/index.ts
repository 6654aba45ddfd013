import { z } from 'zod';
import { tenantStatement, type Statement } from '../../../db/scope';
import { presentNotification, type NotificationRow } from '../../../domain/presenters/notification';
import { notFound } from '../../../lib/errors';
import type { ServerContext } from '../../context';
import { idParams } from '../../http/lists';
import { defineRoute, type Route } from '../../http/route';

const COLUMNS = `id, type, title, body, subject, read_at as "readAt", created_at as "createdAt", version`;

const LIST: Statement = {
  name: 'notifications-list',
  text: `select ${COLUMNS} from notifications
          where user_id = $1 and ($2::uuid is null or id < $2) and (not $4 or read_at is null)
          order by id desc limit $3`,
};
const READ: Statement = {
  name: 'notifications-read',
  text: `update notifications set read_at = coalesce(read_at, now()) where id = $1 and user_id = $2 returning ${COLUMNS}`,
};
const READ_ALL: Statement = {
  name: 'notifications-read-all',
  text: `update notifications set read_at = now() where user_id = $1 and read_at is null returning id`,
};

export const notificationSchema = z.strictObject({
  id: z.uuid(),
  type: z.string(),
  title: z.string(),
  body: z.string(),
  subject: z.record(z.string(), z.unknown()),
  readAt: z.string().nullable(),
  createdAt: z.string(),
  version: z.number().int(),
});

/** `/notifications`: your own. Every statement names the reader beside the tenant's scope. */
export const notificationRoutes = ({ db }: ServerContext): Route[] => [
  defineRoute({
    method: 'get',
    path: '/notifications',
    summary: 'Your notifications, newest first',
    tag: 'notifications',
    access: { policy: () => true },
    query: z.strictObject({
      before: z.uuid().optional(),
      limit: z.coerce.number().int().min(1).max(100).default(20),
      unread: z.stringbool().default(false),
    }),
    response: z.array(notificationSchema),
    handler: async ({ actor, query }) => {
      const rows = await tenantStatement<NotificationRow>(db, actor.businessId, LIST, [
        actor.userId,
        query.before ?? null,
        query.limit,
        query.unread,
      ]);
      const last = rows.length === query.limit ? rows.at(-1) : undefined;
      return { data: rows.map(presentNotification), meta: { nextBefore: last?.id ?? null } };
    },
  }),
  defineRoute({
    method: 'post',
    path: '/notifications/:id/read',
    summary: 'Mark one as read',
    tag: 'notifications',
    access: { policy: () => true },
    params: idParams,
    response: notificationSchema,
    handler: async ({ actor, params }) => {
      const [row] = await tenantStatement<NotificationRow>(db, actor.businessId, READ, [
        params.id,
        actor.userId,
      ]);
      if (!row) throw notFound('Notification');
      return { data: presentNotification(row) };
    },
  }),
  defineRoute({
    method: 'post',
    path: '/notifications/read-all',
    summary: 'Mark all as read',
    tag: 'notifications',
    access: { policy: () => true },
    response: z.strictObject({ read: z.number().int() }),
    handler: async ({ actor }) => ({
      data: { read: (await tenantStatement(db, actor.businessId, READ_ALL, [actor.userId])).length },
    }),
  }),
];
