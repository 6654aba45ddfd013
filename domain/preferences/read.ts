import type { Knex } from 'knex';
import type { Database } from '../../db/database';
import { tenantStatement, withTenantModels, type Statement } from '../../db/scope';
import { trxStatement } from '../../db/trx-statement';
import { newId } from '../../lib/ids';
import type { PreferencesRow } from '../presenters/preferences';
import type { ThemeRow } from '../presenters/theme';
import type { Actor } from '../roles';

export const PREFERENCES_COLUMNS = `
  id, business_id as "businessId", user_id as "userId", locale, theme_mode as "themeMode",
  active_theme_id as "activeThemeId", active_dashboard_id as "activeDashboardId",
  default_dashboard_id as "defaultDashboardId", sidebar_collapsed as "sidebarCollapsed",
  sidebar_width as "sidebarWidth", version, updated_at as "updatedAt"`;

const FIND: Statement = {
  name: 'preferences',
  text: `select ${PREFERENCES_COLUMNS} from preferences where business_id = $1 and user_id = $2`,
};

const MAKE: Statement = {
  name: 'make-preferences',
  text: `insert into preferences (id, business_id, user_id) values ($1, $2, $3)
         on conflict (business_id, user_id) do nothing`,
};

/** Makes the person's row with the defaults where there is none: of two at once, one does, and the other waits. */
export const makePreferences = (
  trx: Knex.Transaction,
  { businessId, userId }: Pick<Actor, 'businessId' | 'userId'>,
): Promise<object[]> => trxStatement(trx, MAKE, [newId(), businessId, userId]);

/** The person's preferences in their business, made on the first read. */
export async function findPreferences(
  db: Database,
  actor: Pick<Actor, 'businessId' | 'userId'>,
): Promise<PreferencesRow> {
  const whose = [actor.businessId, actor.userId];
  const [found] = await tenantStatement<PreferencesRow & object>(db, actor.businessId, FIND, whose);
  if (found) return found;
  return withTenantModels(db, actor.businessId, async (trx) => {
    await makePreferences(trx, actor);
    const [made] = await trxStatement<PreferencesRow & object>(trx, FIND, whose);
    if (!made) throw new Error('Preferences that were just made are gone.');
    return made;
  });
}

const ACTIVE_THEME: Statement = {
  name: 'active-theme',
  text: `select t.id, t.business_id as "businessId", t.user_id as "userId", t.name, t.mode, t.colors, t.tokens,
                t.border_radius as "borderRadius", t.version, t.created_at as "createdAt",
                t.updated_at as "updatedAt"
           from preferences p join themes t on t.id = p.active_theme_id
          where p.business_id = $1 and p.user_id = $2`,
};

/** @returns undefined where none is active */
export async function findActiveTheme(
  db: Database,
  { businessId, userId }: Pick<Actor, 'businessId' | 'userId'>,
): Promise<ThemeRow | undefined> {
  return (await tenantStatement<ThemeRow & object>(db, businessId, ACTIVE_THEME, [businessId, userId]))[0];
}
