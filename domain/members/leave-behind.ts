import type { Knex } from 'knex';
import type { Statement } from '../../db/scope';
import { trxStatement } from '../../db/trx-statement';
import { deleteWidget } from '../widgets/write';

const DELETE_DASHBOARDS: Statement = {
  name: 'members-delete-dashboards',
  text: `delete from dashboards where business_id = $1 and owner_id = $2 and not shared returning id`,
};
const PASS_ON_DASHBOARDS: Statement = {
  name: 'members-pass-on-dashboards',
  text: `update dashboards set owner_id = $3, updated_at = now()
          where business_id = $1 and owner_id = $2 and shared returning id`,
};
const OWN_WIDGETS: Statement = {
  name: 'members-own-widgets',
  text: `select id from widgets where business_id = $1 and owner_id = $2 and scope = 'user' order by id`,
};
const PASS_ON_WIDGETS: Statement = {
  name: 'members-pass-on-widgets',
  text: `update widgets set owner_id = $3, updated_at = now()
          where business_id = $1 and owner_id = $2 and scope = 'business' returning id`,
};

/** What a removed member leaves: what was theirs alone is deleted, what others use gets a new owner. */
export async function leaveBehind(
  trx: Knex.Transaction,
  businessId: string,
  userId: string,
  heirId: string | null,
) {
  const of = [businessId, userId];
  const idsOf = async (statement: Statement, values: unknown[]) =>
    (await trxStatement<{ id: string }>(trx, statement, values)).map(({ id }) => id);
  // Dashboards before widgets, as every edit takes them.
  const deletedDashboards = await idsOf(DELETE_DASHBOARDS, of);
  const dashboardIds = heirId ? await idsOf(PASS_ON_DASHBOARDS, [...of, heirId]) : [];
  const own = await idsOf(OWN_WIDGETS, of);
  for (const id of own) await deleteWidget(trx, id);
  const widgetIds = await idsOf(PASS_ON_WIDGETS, [...of, heirId]);
  return {
    deletedDashboards: deletedDashboards.length,
    deletedWidgets: own.length,
    inherited: { dashboardIds, widgetIds },
  };
}
