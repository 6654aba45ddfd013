import { z } from 'zod';
import { dashboardRoom } from '../../../realtime/rooms';
import { idSchema } from '../../http/lists';
import { defineEvent, everyLogin } from './event';

/** Leaves a dashboard's room and its viewers. Needs no right; closing what is not open does nothing. */
export const dashboardClose = defineEvent({
  name: 'dashboard.close',
  payload: z.strictObject({ dashboardId: idSchema }),
  access: everyLogin,
  async handle({ presence }, socket, { dashboardId }) {
    await socket.leave(dashboardRoom(dashboardId));
    await presence.close(socket.data.connection, dashboardId);
    return {};
  },
});
