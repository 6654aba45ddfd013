import type { Knex } from 'knex';
import { Theme } from '../../db/models/Theme';
import type { ThemeRow } from '../presenters/theme';

/** @returns undefined where the business has no such theme; whose it is, the policy asks */
export const findTheme = async (trx: Knex.Transaction, themeId: string): Promise<ThemeRow | undefined> =>
  Theme.query(trx).findById(themeId);

/** The same, kept from being deleted until the transaction ends. */
export const keepTheme = async (trx: Knex.Transaction, themeId: string): Promise<ThemeRow | undefined> =>
  Theme.query(trx).findById(themeId).forKeyShare();
