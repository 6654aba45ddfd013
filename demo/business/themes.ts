import type { Knex } from 'knex';
import { updatePreferences } from '../../domain/preferences/write';
import type { Actor } from '../../domain/roles';
import type { ThemeInput } from '../../domain/themes/theme';
import { createTheme } from '../../domain/themes/write';

/** Values as the API stores them: in their canonical texts. */
const EVENING: ThemeInput = {
  name: 'Evening roast',
  mode: 'dark',
  colors: {
    background: '#14110f',
    foreground: '#f3ede4',
    primary: '#e0a458',
    secondary: '#3a2f28',
    muted: '#251f1b',
    accent: '#7fb7be',
    destructive: '#d1495b',
  },
  tokens: { 'chart-1': 'oklch(0.77 0.11 70)', 'chart-2': 'oklch(0.74 0.06 205)', gap: '12px' },
  borderRadius: '0.5rem',
};

const PAPER: ThemeInput = {
  name: 'Paper cup',
  mode: 'light',
  colors: {
    background: '#fbf8f3',
    foreground: '#2b2320',
    primary: '#8c4a2f',
    secondary: '#e8ddd0',
    muted: '#f1e9de',
    accent: '#3c6e71',
    destructive: '#b3261e',
  },
  tokens: { 'chart-1': 'hsl(18 50% 37%)', 'chart-2': 'hsl(183 31% 34%)' },
  borderRadius: '4px',
};

/** Two themes of the person's own; the dark one is active, and their dashboard of this name is where they start. */
export async function createPersonalTouch(
  trx: Knex.Transaction,
  actor: Actor,
  dashboardName: string,
): Promise<void> {
  const { id } = await createTheme(trx, actor, EVENING);
  await createTheme(trx, actor, PAPER);
  const dashboard = await trx('dashboards')
    .where({ business_id: actor.businessId, owner_id: actor.userId, name: dashboardName })
    .first<{ id: string }>('id');
  await updatePreferences(trx, actor, undefined, {
    activeThemeId: id,
    defaultDashboardId: dashboard.id,
    themeMode: 'dark',
  });
}
