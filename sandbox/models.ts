/** A model of the sandbox. All counts are in tokens of the sandbox's own counting (tokens.ts). */
export interface SandboxModel {
  id: string;
  name: string;
  /** Input and output together. */
  contextWindow: number;
  /** The most that one answer may hold, thinking included; also the cap where a request names none. */
  maxOutput: number;
  /** What it thinks before each answer, unless its cap is smaller; billed as output. */
  reasoningTokens: number;
  /** Reads a prompt's beginning from its cache where it was seen before (prompt-cache.ts). */
  caches: boolean;
  /** undefined: as fast as the connection takes it. */
  tokensPerSecond: number | undefined;
}

const STANDARD = {
  contextWindow: 128_000,
  maxOutput: 16_384,
  reasoningTokens: 0,
  caches: false,
  tokensPerSecond: undefined,
} satisfies Partial<SandboxModel>;

/** Every model there is. What each one says is in brains/. */
export const SANDBOX_MODELS: readonly SandboxModel[] = [
  // About as fast as the hosted ones, so that people see it write.
  { ...STANDARD, id: 'sandbox-analyst', name: 'Sandbox analyst', tokensPerSecond: 150 },
  { ...STANDARD, id: 'sandbox-echo', name: 'Sandbox echo' },
  { ...STANDARD, id: 'sandbox-script', name: 'Sandbox script' },
  { ...STANDARD, id: 'sandbox-reasoner', name: 'Sandbox reasoner', reasoningTokens: 48, caches: true },
  { ...STANDARD, id: 'sandbox-small', name: 'Sandbox small', contextWindow: 8_000, maxOutput: 2_000 },
];

export const findModel = (id: string): SandboxModel | undefined =>
  SANDBOX_MODELS.find((model) => model.id === id);
