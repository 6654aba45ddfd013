import { z } from 'zod';
import { idSchema } from '../../http/lists';
import { assertMayRead } from './assert-may-read';
import { defineEvent } from './event';

/** Who is online in the business, or looking at one dashboard, as of diff number `rev`. */
export const presenceList = defineEvent({
  name: 'presence.list',
  payload: z.strictObject({ dashboardId: idSchema.optional() }),
  async handle({ db, presence }, socket, { dashboardId }) {
    const { actor } = socket.data;
    if (dashboardId !== undefined) await assertMayRead(db, actor, dashboardId);
    return presence.list(actor.businessId, dashboardId);
  },
});
