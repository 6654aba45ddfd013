import { calcPrice, findProvider, type ModelInfo } from '@pydantic/genai-prices';

/** The providers whose models are known without anybody saying them. */
const CATALOGUED: ReadonlySet<string> = new Set(['openai', 'anthropic']);

/** Not text, not for conversations, only for some customers, or (gpt-5.3) not a name that the provider takes. */
const NOT_CHAT =
  /audio|realtime|image|vision|transcribe|tts|whisper|embedding|moderation|instruct|search|research|computer|codex|oss|preview|:|^ft|latest|-\d{4}|^gpt-5\.3$/;
/** Superseded long ago, and not told so by the catalogue. */
const OLD =
  /^(gpt-3|gpt-4(?!o|\.)|chatgpt|o1|ada|babbage|curie|davinci|claude-(v?[123]\b|opus-4-[01]|sonnet-4-0))/;
/** A text model with less of a window than this, tokens, is none of today's. */
const MIN_CONTEXT_WINDOW = 100_000;

/**
 * A model by the provider's own name of it, dated or not, as the catalogue has it.
 * @returns undefined where it does not know one, or no such provider
 */
export function cataloguedModel(provider: string, model: string): ModelInfo | undefined {
  const found = CATALOGUED.has(provider) ? findProvider({ providerId: provider }) : undefined;
  // Asked for the match alone: what it computes is in floats.
  return found && calcPrice({ input_tokens: 1 }, model, { provider: found })?.model;
}

/** Today's text models of a provider that hold a conversation; none for a provider that is not catalogued. */
export function currentModels(provider: string): ModelInfo[] {
  const found = CATALOGUED.has(provider) ? findProvider({ providerId: provider }) : undefined;
  return (found?.models ?? []).filter(
    ({ id, deprecated, context_window: window }) =>
      !deprecated && (window ?? 0) >= MIN_CONTEXT_WINDOW && !NOT_CHAT.test(id) && !OLD.test(id),
  );
}
