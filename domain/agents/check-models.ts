import type { ErrorDetail } from '../../lib/errors';
import { environmentProviderIds, modelsOf, type OwnProvider, type ProviderEnv } from '../models/available';
import { modelFacts, splitModel } from '../models/facts';

/** What an agent is told to answer with. */
export interface AgentModels {
  model: string;
  fallbackModels: readonly string[];
  /** Tokens of one answer; undefined: whatever is usual. */
  maxTokens: number | undefined;
}

/** What one answer may have where nobody says, tokens: a long page. */
const USUAL_MAX_TOKENS = 4_096;

/**
 * Whether somebody answers for the models, and whether they put out that much. A fallback that puts out less is no
 * problem: a call is made with the smaller cap.
 * @param own the business's own providers
 */
export function checkModels(
  env: ProviderEnv,
  own: readonly OwnProvider[],
  { model, fallbackModels, maxTokens }: AgentModels,
): ErrorDetail[] {
  const available = new Set([...environmentProviderIds(env), ...own.map(({ slug }) => slug)]);
  const details: ErrorDetail[] = [];
  const named = [
    { path: 'model', name: model },
    ...fallbackModels.map((name, index) => ({ path: `fallbackModels.${index}`, name })),
  ];
  for (const { path, name } of named) {
    const { provider } = splitModel(name);
    if (!available.has(provider)) {
      details.push({ path, message: `names the provider "${provider}", which is not set up` });
    }
  }
  const repeated = fallbackModels.indexOf(model);
  if (repeated >= 0) details.push({ path: `fallbackModels.${repeated}`, message: 'is the model itself' });
  const most = mostOf(own, model);
  if (maxTokens !== undefined && maxTokens > most) {
    details.push({ path: 'maxTokens', message: `must be at most ${most}, which is what ${model} puts out` });
  }
  return details;
}

/** {@link AgentModels.maxTokens} where nobody says. */
export const usualMaxTokens = (own: readonly OwnProvider[], model: string): number =>
  Math.min(USUAL_MAX_TOKENS, mostOf(own, model));

function mostOf(own: readonly OwnProvider[], name: string): number {
  const { provider, model } = splitModel(name);
  return modelFacts(provider, model, modelsOf(own, provider)).maxOutputTokens;
}
