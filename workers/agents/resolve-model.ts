import type { Database } from '../../db/database';
import { modelFacts, splitModel, type ModelFacts } from '../../domain/models/facts';
import { DEFAULT_QUIRKS, type ProviderConfig, type ProviderProtocol } from '../../domain/providers/config';
import { findOwnProvider, type OwnProvider } from '../../domain/providers/own';
import type { Env } from '../../lib/env';
import { unseal } from '../../lib/secrets';
import { environmentProviders } from './environment-providers';
import { RunFailure } from './failure';

/** A model that can be called. */
export interface ResolvedModel {
  /** `<provider>/<the provider's own name of it>`. */
  name: string;
  model: string;
  provider: ProviderConfig;
  facts: ModelFacts;
}

/**
 * Finds who answers for `<provider>/<model>`: the business's own provider of that name, else the operator's.
 * @throws RunFailure where there is none, or its key can't be read any more
 */
export async function resolveModel(
  { db, env }: { db: Database; env: Env },
  businessId: string,
  name: string,
): Promise<ResolvedModel> {
  return modelOf(env, name, await findOwnProvider(db, businessId, splitModel(name).provider));
}

/**
 * {@link resolveModel} where the business's own provider of that name is known already.
 * @throws RunFailure as it does
 */
export function modelOf(env: Env, name: string, own: OwnProvider | undefined): ResolvedModel {
  const { provider: slug, model } = splitModel(name);
  if (!name.includes('/') || slug === '' || model === '')
    throw new RunFailure('unknown_model', `"${name}" is not the name of a model.`);
  const provider = own
    ? configOf(own, slug, env.ENCRYPTION_KEYS)
    : environmentProviders(env).find(({ id }) => id === slug);
  if (!provider) {
    throw new RunFailure(
      'no_provider',
      `No provider named "${slug}" is set up. A manager can add one, or choose another model for this agent.`,
    );
  }
  return { name, model, provider, facts: modelFacts(slug, model, own?.models) };
}

/** Where the SDKs' providers are, for a row that names no address. */
const BASE_URLS: Record<ProviderProtocol, string> = {
  'openai-responses': 'https://api.openai.com/v1',
  'openai-chat': 'https://api.openai.com/v1',
  anthropic: 'https://api.anthropic.com',
};

function configOf(row: OwnProvider, slug: string, keys: readonly string[]): ProviderConfig {
  return {
    id: slug,
    protocol: row.protocol,
    baseUrl: row.baseUrl ?? BASE_URLS[row.protocol],
    apiKey: row.secret ? openKey(row.id, row.secret, keys) : 'none',
    quirks: { ...DEFAULT_QUIRKS, ...row.quirks },
    configuredBy: 'business',
    isSandbox: false,
  };
}

function openKey(id: string, secret: string, keys: readonly string[]): string {
  try {
    const { apiKey } = JSON.parse(unseal(secret, keys, `provider:${id}`)) as { apiKey: string };
    return apiKey;
  } catch (cause) {
    throw new RunFailure(
      'secret_unreadable',
      'The key of this agent’s provider can’t be read any more. An admin has to enter it again.',
      { cause },
    );
  }
}
