import type { Knex } from 'knex';
import { Preferences } from '../../db/models/Preferences';
import { trxStatement } from '../../db/trx-statement';
import type { Statement } from '../../db/scope';
import { badRequest, type ErrorDetail } from '../../lib/errors';
import { keepDashboards } from '../dashboards/access';
import { dashboardPolicy } from '../policies/dashboard';
import { themePolicy } from '../policies/theme';
import type { PreferencesRow } from '../presenters/preferences';
import type { Actor } from '../roles';
import { keepTheme } from '../themes/read';
import { makePreferences, PREFERENCES_COLUMNS } from './read';

export interface PreferencesInput {
  /** Canonical BCP 47; null: the business's. */
  locale: string | null;
  themeMode: 'light' | 'dark' | 'system';
  activeThemeId: string | null;
  activeDashboardId: string | null;
  defaultDashboardId: string | null;
  /** Width in CSS pixels. */
  sidebar: { collapsed?: boolean; width?: number };
}

/**
 * Changes the person's preferences, and makes them where there are none yet. What they are to point to is kept
 * until the transaction ends, dashboards before themes before the preferences: that is the order in which the end
 * of a dashboard or theme takes the same rows.
 * @returns undefined when `version` is no longer the row's version
 * @throws HttpError 400 naming what is not the person's to point to, as if it did not exist
 */
export async function updatePreferences(
  trx: Knex.Transaction,
  actor: Actor,
  version: number | undefined,
  { sidebar, ...changes }: Partial<PreferencesInput>,
): Promise<PreferencesRow | undefined> {
  await assertMayPointTo(trx, actor, changes);
  await makePreferences(trx, actor);
  const query = Preferences.query(trx)
    .patch({
      ...changes,
      ...(sidebar?.collapsed !== undefined && { sidebarCollapsed: sidebar.collapsed }),
      ...(sidebar?.width !== undefined && { sidebarWidth: sidebar.width }),
    })
    .where({ business_id: actor.businessId, user_id: actor.userId })
    .returning('*');
  if (version !== undefined) query.where('version', version);
  return ((await query) as unknown as PreferencesRow[])[0];
}

async function assertMayPointTo(
  trx: Knex.Transaction,
  actor: Actor,
  changes: Partial<Pick<PreferencesInput, 'activeThemeId' | 'activeDashboardId' | 'defaultDashboardId'>>,
): Promise<void> {
  const details: ErrorDetail[] = [];
  const { activeThemeId: themeId, activeDashboardId, defaultDashboardId } = changes;
  const wanted = Object.entries({ activeDashboardId, defaultDashboardId }).filter(hasId);
  const dashboards = await keepDashboards(
    trx,
    wanted.map(([, id]) => id),
  );
  for (const [path, id] of wanted) {
    const dashboard = dashboards.get(id);
    if (!dashboard || !dashboardPolicy.read(actor, dashboard))
      details.push({ path, message: 'is not a dashboard you may see' });
  }
  if (themeId) {
    const theme = await keepTheme(trx, themeId);
    if (!theme || !themePolicy.read(actor, theme))
      details.push({ path: 'activeThemeId', message: 'is not a theme of yours' });
  }
  const [first] = details;
  if (first) throw badRequest(`${first.path} ${first.message}.`, details);
}

const hasId = (entry: [string, string | null | undefined]): entry is [string, string] => Boolean(entry[1]);

const TOUCHED: Statement = {
  name: 'preferences-touched',
  text: `select ${PREFERENCES_COLUMNS} from preferences where business_id = $1 and xid = pg_current_xact_id()`,
};

/**
 * The preferences that this transaction wrote, whoever's they are: those that pointed to what it deleted, or took
 * out of their sight.
 */
export const preferencesTouched = (trx: Knex.Transaction, businessId: string): Promise<PreferencesRow[]> =>
  trxStatement<PreferencesRow & object>(trx, TOUCHED, [businessId]);
