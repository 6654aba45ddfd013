import type { OwnModel } from '../providers/model';
import { cataloguedModel } from './catalogue';
import { maxOutputOf } from './max-output';
import { SANDBOX, SANDBOX_MODEL_FACTS } from './sandbox';

export interface ModelFacts {
  /** Input and output together, tokens. */
  contextWindow: number;
  /** The most of one answer, tokens, thinking included. */
  maxOutputTokens: number;
  /** false: nobody told us, and the numbers are the defaults below. */
  known: boolean;
}

/** What models of the last years take at least, tokens; a business states more for its own provider's. */
export const DEFAULT_CONTEXT_WINDOW = 32_000;
/** What any model puts out, tokens. */
export const DEFAULT_MAX_OUTPUT_TOKENS = 4_096;

/**
 * How much a model takes and gives: what the business says of its own provider's models, else what is known of the
 * provider's, else the defaults.
 * @param provider first part of the model's name: `openai`, `anthropic`, `sandbox`, or a business's own slug
 * @param model the rest of it: the provider's own name
 * @param own the models of the business's own provider, where it is one
 */
export function modelFacts(provider: string, model: string, own: readonly OwnModel[] = []): ModelFacts {
  const stated =
    own.find(({ name }) => name === model) ??
    (provider === SANDBOX ? SANDBOX_MODEL_FACTS.find(({ id }) => id === model) : undefined);
  if (stated) {
    const { contextWindow, maxOutputTokens } = stated;
    return { contextWindow, maxOutputTokens, known: true };
  }
  const catalogued = cataloguedModel(provider, model);
  const maxOutputTokens = catalogued && maxOutputOf(provider, catalogued.id);
  return {
    contextWindow: catalogued?.context_window ?? DEFAULT_CONTEXT_WINDOW,
    maxOutputTokens: maxOutputTokens ?? DEFAULT_MAX_OUTPUT_TOKENS,
    known: catalogued?.context_window !== undefined && maxOutputTokens !== undefined,
  };
}

/** `<provider>/<model>`; the model's own name may hold more slashes. */
export function splitModel(name: string): { provider: string; model: string } {
  const slash = name.indexOf('/');
  return { provider: name.slice(0, slash), model: name.slice(slash + 1) };
}
