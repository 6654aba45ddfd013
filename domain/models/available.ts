import type { Database } from '../../db/database';
import { withTenant, type Statement } from '../../db/scope';
import type { Env } from '../../lib/env';
import { formatNano } from '../money/nano';
import type { StoredTier } from '../money/prices';
import type { OwnModel } from '../providers/model';
import { cataloguedModel, currentModels } from './catalogue';
import { modelFacts } from './facts';
import { SANDBOX, SANDBOX_MODEL_FACTS } from './sandbox';

export type ProviderEnv = Pick<
  Env,
  'OPENAI_API_KEY' | 'OPENAI_BASE_URL' | 'OPENAI_PROTOCOL' | 'ANTHROPIC_API_KEY' | 'SANDBOX_URL'
>;

/** What there is to know of a business's own provider to choose among its models. */
export interface OwnProvider {
  slug: string;
  models: readonly OwnModel[];
}

/** A model that this business's agents can use. */
export interface AvailableModel {
  /** `<provider>/<model>`, as agents name it. */
  id: string;
  provider: string;
  name: string;
  contextWindow: number;
  maxOutputTokens: number;
  /** US dollars per million tokens, decimal text; of small inputs where it depends on that. null: nobody knows. */
  price: { input: string; cachedInput: string; cacheWrite: string; output: string } | null;
  /** Answers come from the built-in sandbox and not from a language model. */
  sandbox: boolean;
}

/** The providers that the operator configured, by the first part of their models' names. */
export function environmentProviderIds(env: Partial<ProviderEnv>): string[] {
  const configured = {
    openai: env.OPENAI_API_KEY || env.OPENAI_BASE_URL,
    anthropic: env.ANTHROPIC_API_KEY,
    [SANDBOX]: env.SANDBOX_URL,
  };
  return Object.entries(configured).flatMap(([id, is]) => (is ? [id] : []));
}

const OWN: Statement = {
  name: 'models-own',
  text: 'select slug, models from providers where business_id = current_business() order by slug',
};

const PRICES: Statement = {
  name: 'models-prices',
  // In the order in which a call's price is chosen: the business's own first, then the platform's.
  text: `select distinct on (p.provider, p.model) p.provider, p.model, p.tiers -> 0 as tier
           from model_prices p
          where p.effective_from <= now()
            and (p.business_id is null or (p.business_id = current_business()
              and exists (select from providers o where o.business_id = p.business_id and o.slug = p.provider)))
          order by p.provider, p.model, p.business_id nulls last, p.effective_from desc`,
};

interface PriceRow {
  provider: string;
  model: string;
  tier: StoredTier;
}

/** Everything that an agent of this business can use, and what it costs. */
export async function availableModels(
  db: Database,
  env: ProviderEnv,
  businessId: string,
): Promise<AvailableModel[]> {
  const [own, prices] = await withTenant(db, businessId, (tx) =>
    Promise.all([tx.query<OwnProvider & object>(OWN, []), tx.query<PriceRow & object>(PRICES, [])]),
  );
  const tiers = new Map(prices.map(({ provider, model, tier }) => [`${provider}/${model}`, tier]));
  return choices(env, own).map(({ provider, model, name }) => {
    const { contextWindow, maxOutputTokens } = modelFacts(provider, model, modelsOf(own, provider));
    const catalogued = cataloguedModel(provider, model)?.id;
    const tier = tiers.get(`${provider}/${model}`) ?? tiers.get(`${provider}/${catalogued}`);
    const isSandbox = provider === SANDBOX;
    return {
      id: `${provider}/${model}`,
      provider,
      name,
      contextWindow,
      maxOutputTokens,
      price: tier ? presentTier(tier) : null,
      sandbox: isSandbox,
    };
  });
}

/** What the business says of a provider's models; nothing where the provider is the operator's. */
export const modelsOf = (own: readonly OwnProvider[], provider: string): readonly OwnModel[] =>
  own.find(({ slug }) => slug === provider)?.models ?? [];

interface Choice {
  provider: string;
  model: string;
  name: string;
}

/** A business's provider takes the place of the operator's of the same name, and lists its own models if it has any. */
function choices(env: ProviderEnv, own: readonly OwnProvider[]): Choice[] {
  const slugs = new Set(own.map(({ slug }) => slug));
  const operators = environmentProviderIds(env).filter((id) => !slugs.has(id));
  // Who serves Chat Completions under OpenAI's name has other models: nobody knows which.
  const listed = operators.filter((id) => id !== 'openai' || env.OPENAI_PROTOCOL !== 'chat');
  return [
    ...own.flatMap(({ slug, models }) =>
      models.length > 0 ? models.map(({ name }) => ({ provider: slug, model: name, name })) : current(slug),
    ),
    ...listed.flatMap((id) =>
      id === SANDBOX
        ? SANDBOX_MODEL_FACTS.map((model) => ({ provider: id, model: model.id, name: model.name }))
        : current(id),
    ),
  ];
}

const current = (provider: string): Choice[] =>
  currentModels(provider).map(({ id, name }) => ({ provider, model: id, name: name ?? id }));

const dollars = (rate: string): string => formatNano(BigInt(rate));

const presentTier = ({ input, cacheRead, cacheWrite5m, output }: StoredTier) => ({
  input: dollars(input),
  cachedInput: dollars(cacheRead),
  cacheWrite: dollars(cacheWrite5m),
  output: dollars(output),
});
