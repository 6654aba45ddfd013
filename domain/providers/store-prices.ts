import { isDeepStrictEqual } from 'node:util';
import type { Knex } from 'knex';
import type { ErrorDetail } from '../../lib/errors';
import { newId } from '../../lib/ids';
import { parseNano } from '../money/nano';
import type { StoredTier } from '../money/prices';
import type { OwnModel, OwnPrice } from './model';

/**
 * Makes the prices that a business states of its own provider's models the ones that count from now on. A price is
 * never edited or taken back, since calls that were booked name it: one that changed is a new row.
 *
 * @param trx holds the provider's row, so that of two changes at once the later one's prices are the later ones
 * @returns a detail for each model that had a price and states none: it would go on costing the old one
 */
export async function storePrices(
  trx: Knex.Transaction,
  businessId: string,
  slug: string,
  models: readonly OwnModel[],
): Promise<ErrorDetail[]> {
  const stored = await pricesInForce(trx, businessId, slug);
  const details = models.flatMap(({ name, price }, index) =>
    !price && stored.has(name)
      ? [{ path: `models.${index}.price`, message: 'must be stated: this model had a price before' }]
      : [],
  );
  if (details.length > 0) return details;
  const changed = models.flatMap(({ name, price }) => {
    const tiers = price && [tierOf(price)];
    return tiers && !isDeepStrictEqual(tiers, stored.get(name)) ? [{ name, tiers }] : [];
  });
  if (changed.length === 0) return [];
  await trx('model_prices').insert(
    changed.map(({ name, tiers }) => ({
      id: newId(),
      business_id: businessId,
      provider: slug,
      model: name,
      // Not now(), which is the transaction's start: who waited for the row would be earlier than who had it.
      effective_from: trx.raw('clock_timestamp()'),
      tiers: JSON.stringify(tiers),
      source: 'business',
    })),
  );
  return [];
}

async function pricesInForce(
  trx: Knex.Transaction,
  businessId: string,
  slug: string,
): Promise<Map<string, StoredTier[]>> {
  const rows = (await trx('model_prices')
    .distinctOn('model')
    .select('model', 'tiers')
    .where({ business_id: businessId, provider: slug })
    .orderBy([{ column: 'model' }, { column: 'effective_from', order: 'desc' }])) as {
    model: string;
    tiers: StoredTier[];
  }[];
  return new Map(rows.map(({ model, tiers }) => [model, tiers]));
}

/** Writing to a cache costs what input does: servers that charge more for it are the catalogued ones. */
function tierOf({ input, cachedInput = input, output }: OwnPrice): StoredTier {
  const nano = (dollars: string) => parseNano(dollars).toString();
  return {
    aboveInputTokens: 0,
    input: nano(input),
    cacheRead: nano(cachedInput),
    cacheWrite5m: nano(input),
    cacheWrite1h: nano(input),
    output: nano(output),
    reasoning: nano(output),
  };
}
