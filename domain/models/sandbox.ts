/** A model of the built-in sandbox (sandbox/models.ts), as far as agents have to know it. */
export interface SandboxModelFacts {
  id: string;
  name: string;
  contextWindow: number;
  maxOutputTokens: number;
}

export const SANDBOX = 'sandbox';
/** What an agent of the demo uses where no provider has a key. */
export const SANDBOX_ANALYST = `${SANDBOX}/sandbox-analyst`;

const STANDARD = { contextWindow: 128_000, maxOutputTokens: 16_384 };

export const SANDBOX_MODEL_FACTS: readonly SandboxModelFacts[] = [
  { ...STANDARD, id: 'sandbox-analyst', name: 'Sandbox analyst' },
  { ...STANDARD, id: 'sandbox-echo', name: 'Sandbox echo' },
  { ...STANDARD, id: 'sandbox-script', name: 'Sandbox script' },
  { ...STANDARD, id: 'sandbox-reasoner', name: 'Sandbox reasoner' },
  { id: 'sandbox-small', name: 'Sandbox small', contextWindow: 8_000, maxOutputTokens: 2_000 },
];
