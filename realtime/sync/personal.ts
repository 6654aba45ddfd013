import type { Statement, Transaction } from '../../db/scope';
import { PREFERENCES_COLUMNS } from '../../domain/preferences/read';
import { presentPreferences, type PreferencesRow } from '../../domain/presenters/preferences';
import { presentTheme, type ThemeRow } from '../../domain/presenters/theme';
import type { ChangedRow, SizedRows } from './changes';
import { sizedRows, upToBytes } from './large-text';
import { SYNC_DATA_BYTES } from './limits';
import type { Since } from './since';

const THEMES: Statement = {
  name: 'sync-themes',
  text: upToBytes({
    text: 't.tokens::text',
    bytes: '$5',
    order: 't.xid',
    select: `t.id, t.business_id as "businessId", t.user_id as "userId", t.name, t.mode, t.colors, t.tokens,
             t.border_radius as "borderRadius", t.version, t.created_at as "createdAt",
             t.updated_at as "updatedAt"`,
    from: `themes t where t.business_id = $1 and t.xid >= $2::xid8 and t.user_id = $3 order by t.xid limit $4`,
  }),
};

/** One's own only. @returns undefined where their tokens are too large for an answer */
export async function changedThemes(
  tx: Transaction,
  { actor, xmin, limit }: Since,
): Promise<SizedRows | undefined> {
  const values = [actor.businessId, xmin, actor.userId, limit, SYNC_DATA_BYTES];
  return sizedRows(
    await tx.query<ThemeRow>(THEMES, values),
    (row) => JSON.stringify(row.tokens),
    (row) => ({ kind: 'theme', row: presentTheme(row) }),
  );
}

const PREFERENCES: Statement = {
  name: 'sync-preferences',
  text: `select ${PREFERENCES_COLUMNS} from preferences
          where business_id = $1 and xid >= $2::xid8 and user_id = $3`,
};

/** One's own only. */
export async function changedPreferences(tx: Transaction, { actor, xmin }: Since): Promise<ChangedRow[]> {
  const rows = await tx.query<PreferencesRow>(PREFERENCES, [actor.businessId, xmin, actor.userId]);
  return rows.map((row) => ({ kind: 'preferences', row: presentPreferences(row) }));
}
