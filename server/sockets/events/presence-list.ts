import { z } from 'zod';
import { idSchema } from '../../http/lists';
import { assertMayReadDashboard } from './assert-may-read';
import { defineEvent } from './event';

/** Who is online in the business, or looking at one dashboard, as of diff number `rev`. */
export const presenceList = defineEvent({
  name: 'presence.list',
  payload: z.strictObject({ dashboardId: idSchema.optional() }),
  async access({ db }, actor, { dashboardId }) {
    if (dashboardId !== undefined) await assertMayReadDashboard(db, actor, dashboardId);
  },
  handle: ({ presence }, { data }, { dashboardId }) => presence.list(data.actor.businessId, dashboardId),
});
