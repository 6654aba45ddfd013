import type { Knex } from 'knex';
import type { LayoutItem } from '../../db/layout-item';
import { Dashboard } from '../../db/models/Dashboard';
import { badRequest } from '../../lib/errors';
import { newId } from '../../lib/ids';
import type { Actor } from '../roles';

export interface DashboardInput {
  name: string;
  description: string;
  shared: boolean;
  layout: LayoutItem[];
}

/** @throws HttpError 400 naming each widget that the actor can't see, or that others could not on a shared one */
export async function createDashboard(
  trx: Knex.Transaction,
  actor: Actor,
  input: DashboardInput,
): Promise<Dashboard> {
  const id = newId();
  await assertPlaceable(trx, actor, input.layout, input.shared);
  const row = await Dashboard.query(trx)
    .insert({ id, businessId: actor.businessId, ownerId: actor.userId, ...input })
    .returning('*');
  await placeWidgets(trx, actor.businessId, id, input.layout);
  return row;
}

/** @returns undefined when the row is gone or `version` is no longer its version */
export async function updateDashboard(
  trx: Knex.Transaction,
  actor: Actor,
  before: { id: string; shared: boolean; layout: LayoutItem[] },
  version: number | undefined,
  changes: Partial<DashboardInput>,
): Promise<Dashboard | undefined> {
  const shared = changes.shared ?? before.shared;
  if (changes.layout || (shared && !before.shared)) {
    await assertPlaceable(trx, actor, changes.layout ?? before.layout, shared);
  }
  const query = Dashboard.query(trx).patch(changes).where('id', before.id).returning('*');
  if (version !== undefined) query.where('version', version);
  const [row] = await query;
  if (row && changes.layout) {
    await trx('dashboard_widgets').where({ dashboard_id: before.id }).delete();
    await placeWidgets(trx, actor.businessId, before.id, changes.layout);
  }
  return row;
}

async function assertPlaceable(
  trx: Knex.Transaction,
  actor: Actor,
  layout: readonly LayoutItem[],
  shared: boolean,
): Promise<void> {
  const ids = layout.map((item) => item.widgetId);
  const rows = await trx('widgets')
    .whereIn('id', ids)
    .where((visible) => {
      visible.where('scope', 'business');
      if (!shared) visible.orWhere('owner_id', actor.userId);
    })
    .select('id');
  const placeable = new Set(rows.map((row: { id: string }) => row.id));
  const details = ids.flatMap((id, index) =>
    placeable.has(id)
      ? []
      : [
          {
            path: `layout.${index}.widgetId`,
            message: shared
              ? 'is not a widget that everyone in the business may see'
              : 'is not a widget you may see',
          },
        ],
  );
  const [first] = details;
  if (first) throw badRequest(`${first.path} ${first.message}.`, details);
}

const placeWidgets = async (
  trx: Knex.Transaction,
  businessId: string,
  dashboardId: string,
  layout: readonly LayoutItem[],
): Promise<void> => {
  if (layout.length === 0) return;
  await trx('dashboard_widgets').insert(
    layout.map(({ widgetId }) => ({
      dashboard_id: dashboardId,
      widget_id: widgetId,
      business_id: businessId,
    })),
  );
};
