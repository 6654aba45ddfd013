import type { Knex } from 'knex';
import { Theme } from '../../db/models/Theme';
import { newId } from '../../lib/ids';
import type { PreferencesRow } from '../presenters/preferences';
import { preferencesTouched } from '../preferences/write';
import type { ThemeRow } from '../presenters/theme';
import type { Actor } from '../roles';
import type { ThemeInput } from './theme';

/** Makes a theme of the person's own, in the caller's transaction. It is not active yet. */
export async function createTheme(
  trx: Knex.Transaction,
  { userId, businessId }: Pick<Actor, 'userId' | 'businessId'>,
  input: ThemeInput,
): Promise<ThemeRow> {
  return (await Theme.query(trx)
    .insert({ id: newId(), businessId, userId, ...input })
    .returning('*')) as ThemeRow;
}

/** Colours one by one, tokens as a whole, so that one can go. */
export type ThemeChanges = Partial<Omit<ThemeInput, 'colors'> & { colors: Partial<ThemeInput['colors']> }>;

/** @returns undefined when the row is gone or `version` is no longer its version */
export async function updateTheme(
  trx: Knex.Transaction,
  themeId: string,
  version: number | undefined,
  { colors, ...changes }: ThemeChanges,
): Promise<ThemeRow | undefined> {
  const before = await Theme.query(trx).findById(themeId).forNoKeyUpdate();
  if (!before || (version !== undefined && before.version !== version)) return undefined;
  const [row] = await Theme.query(trx)
    .patch({ ...changes, ...(colors && { colors: { ...before.colors, ...colors } }) })
    .where('id', themeId)
    .returning('*');
  return row;
}

/** @returns the row that went, undefined where it was gone already, and the preferences in which it was active */
export async function deleteTheme(
  trx: Knex.Transaction,
  businessId: string,
  themeId: string,
): Promise<{ gone: ThemeRow | undefined; preferences: PreferencesRow[] }> {
  const [gone] = await Theme.query(trx).delete().where('id', themeId).returning('*');
  return { gone, preferences: await preferencesTouched(trx, businessId) };
}
