import type { LoggedRequest } from '../../sandbox/control/request-log';
import type { RuleInput } from '../../sandbox/control/rules';
import { startSandbox } from '../../sandbox/server';

/** A sandbox provider of a test file's own, over real HTTP. */
export interface TestSandbox {
  /** OpenAI's base URL is `${url}/v1`, Anthropic's is `url`. Keys: {@link SANDBOX_KEY}. */
  readonly url: string;
  /** From now on requests that match are answered like this, the oldest rule first. */
  rules(...rules: RuleInput[]): Promise<void>;
  /** Everything that reached it, oldest first, or what came after this `seq`. */
  requests(since?: number): Promise<LoggedRequest[]>;
  /** Forgets rules and requests. */
  reset(): Promise<void>;
  close(): Promise<void>;
}

export const SANDBOX_KEY = 'sandbox-test';

/** Starts a sandbox in this process. Every byte still goes over its HTTP, the control of it, too. */
export async function startTestSandbox(): Promise<TestSandbox> {
  const { url, close } = await startSandbox({ control: true });
  return { url, close, ...sandboxControl(url) };
}

/** Steers a sandbox that runs elsewhere with its control on. */
export function sandboxControl(url: string): Pick<TestSandbox, 'rules' | 'requests' | 'reset'> {
  const call = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(`${url}/sandbox/${path}`, {
      method,
      // No kept connection is left behind at a test file's end.
      headers: { connection: 'close' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer: unknown = await response.json();
    if (!response.ok) throw new Error(`${method} ${path}: ${JSON.stringify(answer)}`);
    return answer;
  };
  return {
    async rules(...rules) {
      for (const rule of rules) await call('POST', 'rules', rule);
    },
    requests: async (since = 0) => (await call('GET', `requests?since=${since}`)) as LoggedRequest[],
    async reset() {
      await call('DELETE', 'rules');
      await call('DELETE', 'requests');
    },
  };
}

/** What a person says to make `sandbox-script` do this; `said` stands before it. */
export const scripted = (
  script: RuleInput['behaviour'] | { steps: RuleInput['behaviour'][] },
  said = '',
): string => `${said}#sandbox ${JSON.stringify(script)}`;
