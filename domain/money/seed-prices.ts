import { isDeepStrictEqual } from 'node:util';
import type { Database } from '../../db/database';
import { withSystem, type Statement } from '../../db/scope';
import { newId } from '../../lib/ids';
import { cataloguedPrices, type CataloguedPrice } from './price-catalogue';

/** Spells "PRIC". Processes that start together seed one after the other. */
const SEED_LOCK = 0x50524943;

const LOCK: Statement = { name: 'prices-seed-lock', text: 'select pg_advisory_xact_lock($1)' };

const STORED: Statement = {
  name: 'prices-stored',
  text: `select provider, model, effective_from as "effectiveFrom", tiers from model_prices
          where business_id is null order by effective_from`,
};

const ADD: Statement = {
  name: 'prices-add',
  text: `insert into model_prices (id, provider, model, effective_from, tiers, source)
         select * from unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $5::jsonb[], $6::text[])`,
};

type StoredPrice = Omit<CataloguedPrice, 'source'>;

const nameOf = ({ provider, model }: StoredPrice) => `${provider}/${model}`;

/**
 * Adds the catalogue's prices that are not stored yet. A price that the catalogue changed without a date counts
 * from now on; what was booked keeps the one it was booked at. Call it after the migrations, at each start. Across
 * tenants: the platform's prices belong to no business.
 */
export function seedPrices(db: Database, now = new Date()): Promise<void> {
  return withSystem(db, async (tx) => {
    const [, stored] = await Promise.all([tx.query(LOCK, [SEED_LOCK]), tx.query<StoredPrice>(STORED, [])]);
    const catalogue = cataloguedPrices();
    const missing = [...new Set(catalogue.map(nameOf))].flatMap((name) =>
      missingOf(
        catalogue.filter((price) => nameOf(price) === name),
        stored.filter((price) => nameOf(price) === name),
        now,
      ),
    );
    if (missing.length === 0) return;
    await tx.last(ADD, [
      missing.map(() => newId()),
      missing.map(({ provider }) => provider),
      missing.map(({ model }) => model),
      missing.map(({ effectiveFrom }) => effectiveFrom),
      missing.map(({ tiers }) => JSON.stringify(tiers)),
      missing.map(({ source }) => source),
    ]);
  });
}

/** @param prices the catalogue's of one model */
function missingOf(
  prices: readonly CataloguedPrice[],
  stored: readonly StoredPrice[],
  now: Date,
): CataloguedPrice[] {
  const missing = prices.filter(
    (price) => !stored.some(({ effectiveFrom }) => effectiveFrom.getTime() === price.effectiveFrom.getTime()),
  );
  const current = inForce(prices, now);
  const found = inForce([...stored, ...missing], now);
  if (!current || isDeepStrictEqual(current.tiers, found?.tiers)) return missing;
  return [...missing, { ...current, effectiveFrom: now }];
}

const inForce = <P extends StoredPrice>(prices: readonly P[], at: Date): P | undefined =>
  prices
    .filter(({ effectiveFrom }) => effectiveFrom <= at)
    .reduce<P | undefined>(
      (last, price) => (!last || price.effectiveFrom > last.effectiveFrom ? price : last),
      undefined,
    );
