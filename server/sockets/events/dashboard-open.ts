import { z } from 'zod';
import { notFound } from '../../../lib/errors';
import { MAX_OPEN_DASHBOARDS } from '../../../realtime/presence/limits';
import { dashboardRoom } from '../../../realtime/rooms';
import { HttpError } from '../../../lib/errors';
import { assertMayReadDashboard } from './assert-may-read';
import { idSchema } from '../../http/lists';
import { defineEvent } from './event';

/** Joins a dashboard's room and its viewers, which also makes its widgets watched. Opening twice is opening once. */
export const dashboardOpen = defineEvent({
  name: 'dashboard.open',
  payload: z.strictObject({ dashboardId: idSchema }),
  access: ({ db }, actor, { dashboardId }) => assertMayReadDashboard(db, actor, dashboardId),
  async handle({ presence }, socket, { dashboardId }) {
    const { connection } = socket.data;
    if (
      (connection.dashboards?.size ?? 0) >= MAX_OPEN_DASHBOARDS &&
      !connection.dashboards?.has(dashboardId)
    ) {
      throw new HttpError(
        409,
        'too_many_dashboards',
        `At most ${MAX_OPEN_DASHBOARDS} dashboards can be open.`,
      );
    }
    if (!(await presence.open(connection, dashboardId))) throw notFound('Dashboard');
    if (socket.connected) await socket.join(dashboardRoom(dashboardId));
    return {};
  },
});
