/**
 * The most that models put out in one answer, tokens, thinking included, by their catalogue's name: the catalogue
 * does not say. From the providers' model pages; the first that fits counts.
 */
const MAX_OUTPUT: Record<string, readonly (readonly [RegExp, number])[]> = {
  openai: [
    [/^gpt-5\.3$/, 16_384],
    [/^gpt-[5-9]/, 128_000],
    [/^o1-(mini|preview)/, 32_768],
    [/^o\d|^codex/, 100_000],
    [/^gpt-4\.1/, 32_768],
    [/^(chat)?gpt-4o/, 16_384],
  ],
  anthropic: [
    [/^claude-[a-z]+-(4-[6-9]|[5-9])/, 128_000],
    [/^claude-([a-z]+-4-5|sonnet-4|3-7)/, 64_000],
    [/^claude-opus-4/, 32_000],
    [/^claude-3-5/, 8_192],
  ],
};

/** undefined where it is not known. */
export const maxOutputOf = (provider: string, catalogueId: string): number | undefined =>
  MAX_OUTPUT[provider]?.find(([pattern]) => pattern.test(catalogueId))?.[1];
