import { calcPrice, findProvider } from '@pydantic/genai-prices';
import type { Statement, Transaction } from '../../db/scope';
import type { Price, PriceTier } from './price';

/** A tier as it is stored: rates as decimal text, since JSON numbers are floats. */
export type StoredTier = Record<Exclude<keyof PriceTier, 'aboveInputTokens'>, string> & {
  aboveInputTokens: number;
};

/**
 * Selects `columns` of the price in force. The others are SQL, too.
 * @param catalogued the catalogue's name of the model
 */
export const selectPrice = (
  columns: string,
  { provider, model, catalogued, at }: Record<'provider' | 'model' | 'catalogued' | 'at', string>,
): string => `
  select ${columns} from model_prices
   where provider = ${provider} and model in (${model}, ${catalogued}) and effective_from <= ${at}
     and (business_id is null or (business_id = current_business()
       and exists (select from providers p where p.business_id = current_business() and p.slug = ${provider})))
   order by business_id nulls last, model = ${model} desc, effective_from desc limit 1`;

const FIND: Statement = {
  name: 'prices-find',
  text: selectPrice('id, provider, model, effective_from as "effectiveFrom", tiers', {
    provider: '$1',
    model: '$2',
    catalogued: '$3',
    at: 'coalesce($4, now())',
  }),
};

/** A price as it is stored. */
export type PriceRow = Omit<Price, 'tiers'> & { tiers: StoredTier[] };

/**
 * The price of a model at a moment: the business's own first, as long as it has the provider, then the platform's;
 * undefined where nobody knows one. Asked for beside the budgets' locks, it costs no round trip.
 * @param model the provider's own name of it, dated or not (`gpt-4o-mini-2024-07-18`)
 * @param at undefined: now, by the database's clock, as a business's own prices are dated
 */
export async function priceFor(
  tx: Transaction,
  provider: string,
  model: string,
  at?: Date,
): Promise<Price | undefined> {
  const values = [provider, model, cataloguedName(provider, model), at ?? null];
  const [row] = await tx.query<PriceRow>(FIND, values);
  return row && readPrice(row);
}

/** A stored row as a price. @throws Error for one without a tier */
export function readPrice(row: PriceRow): Price {
  const [first, ...others] = row.tiers.map(readTier);
  if (!first) throw new Error(`The price ${row.id} has no tier.`);
  return { ...row, tiers: [first, ...others] };
}

const readTier = (tier: StoredTier): PriceTier => ({
  aboveInputTokens: tier.aboveInputTokens,
  input: BigInt(tier.input),
  cacheRead: BigInt(tier.cacheRead),
  cacheWrite5m: BigInt(tier.cacheWrite5m),
  cacheWrite1h: BigInt(tier.cacheWrite1h),
  output: BigInt(tier.output),
  reasoning: BigInt(tier.reasoning),
});

/** Under which name the catalogue keeps a model that it knows by a pattern; its own where it knows none. */
export function cataloguedName(providerId: string, model: string): string {
  const provider = findProvider({ providerId });
  // Asked for the name alone: what the catalogue computes is in floats, and null or 0 where it knows nothing.
  const found = provider && calcPrice({ input_tokens: 1 }, model, { provider })?.model.id;
  return found ?? model;
}
