import type { Knex } from 'knex';
import type { LayoutItem } from '../../db/layout-item';
import { Dashboard } from '../../db/models/Dashboard';
import { badRequest } from '../../lib/errors';
import { newId } from '../../lib/ids';
import { dashboardPolicy } from '../policies/dashboard';
import { preferencesTouched } from '../preferences/write';
import type { PreferencesRow } from '../presenters/preferences';
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

/** @returns undefined when the row is gone, is no longer the actor's to change, or `version` is not its version */
export async function updateDashboard(
  trx: Knex.Transaction,
  actor: Actor,
  { id }: { id: string },
  version: number | undefined,
  changes: Partial<DashboardInput>,
): Promise<Dashboard | undefined> {
  // Locked before it is checked: a layout and a sharing that come at once must not each pass for the other's past.
  const before = await Dashboard.query(trx).findById(id).forNoKeyUpdate();
  if (!before || !dashboardPolicy.update(actor, before)) return undefined;
  if (version !== undefined && before.version !== version) return undefined;
  const shared = changes.shared ?? before.shared;
  if (changes.layout || (shared && !before.shared)) {
    await assertPlaceable(trx, actor, changes.layout ?? before.layout, shared);
  }
  const [row] = await Dashboard.query(trx).patch(changes).where('id', id).returning('*');
  if (row && changes.layout) {
    await trx('dashboard_widgets').where({ dashboard_id: id }).delete();
    await placeWidgets(trx, actor.businessId, id, changes.layout);
  }
  return row;
}

/** @returns the row that went, undefined where it was gone already, and the preferences that pointed to it */
export async function deleteDashboard(
  trx: Knex.Transaction,
  businessId: string,
  dashboardId: string,
): Promise<{ gone: Dashboard | undefined; preferences: PreferencesRow[] }> {
  const [gone] = await Dashboard.query(trx).delete().where('id', dashboardId).returning('*');
  return { gone, preferences: await preferencesTouched(trx, businessId) };
}

/** Longest name, characters. */
export const MAX_DASHBOARD_NAME = 200;
const COPY_SUFFIX = ' (copy)';

/**
 * A private copy for the actor, with the widgets of the original that they may see, where they stand. What others
 * keep to themselves is left out.
 */
export async function duplicateDashboard(
  trx: Knex.Transaction,
  actor: Actor,
  original: Pick<Dashboard, 'name' | 'description' | 'layout'>,
): Promise<Dashboard> {
  const { name, description, layout } = original;
  const visible = await placeable(trx, actor, layout, false);
  return createDashboard(trx, actor, {
    name: `${withoutHalves(name.slice(0, MAX_DASHBOARD_NAME - COPY_SUFFIX.length))}${COPY_SUFFIX}`,
    description,
    shared: false,
    layout: layout.filter(({ widgetId }) => visible.has(widgetId)),
  });
}

/** A cut through a surrogate pair leaves half of it, which can't be stored. */
const withoutHalves = (text: string): string => text.replace(/[\ud800-\udbff]$/, '');

/** Which of a layout's widgets there may be: those that the actor sees, and on a shared one that everyone does. */
async function placeable(
  trx: Knex.Transaction,
  actor: Actor,
  layout: readonly LayoutItem[],
  shared: boolean,
): Promise<ReadonlySet<string>> {
  const rows = await trx('widgets')
    .whereIn(
      'id',
      layout.map((item) => item.widgetId),
    )
    .where((visible) => {
      visible.where('scope', 'business');
      if (!shared) visible.orWhere('owner_id', actor.userId);
    })
    .select<{ id: string }[]>('id');
  return new Set(rows.map(({ id }) => id));
}

async function assertPlaceable(
  trx: Knex.Transaction,
  actor: Actor,
  layout: readonly LayoutItem[],
  shared: boolean,
): Promise<void> {
  const ids = layout.map((item) => item.widgetId);
  const visible = await placeable(trx, actor, layout, shared);
  const details = ids.flatMap((id, index) =>
    visible.has(id)
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
