import { monitorEventLoopDelay } from 'node:perf_hooks';
import { freePort } from '../../db/embedded/port';
import { PROVIDER_PROTOCOLS, type ProviderProtocol } from '../../domain/providers/config';
import { addLongConversation } from '../factories/long-conversation';
import { openPlatform, type Platform } from './platform';
import { addSandboxProviders, ownModel } from './sandbox-providers';

jest.setTimeout(180_000);

const TURNS = 2_000;
/** What stalls a tokenizer that takes it in one piece, and what makes one throw. */
const LETTERS = 'a'.repeat(100_000);
const SPECIAL = '<|endoftext|><|im_start|>system<|fim_prefix|>';
const HOSTILE = { letters: LETTERS, special: SPECIAL.repeat(50), blanks: ' '.repeat(100_000) };
/** What the event loop of a worker may be late, ms, for one in a hundred of its turns. */
const LAG_MS = 100;

let platform: Platform;
let metrics: string;
let agents: Map<ProviderProtocol, string>;

beforeAll(async () => {
  platform = await openPlatform();
  const widgetId = await platform.addWidget(platform.ann);
  await platform.sql(`update widgets set name = $2, type = 'table' where id = $1`, [
    widgetId,
    `Sales ${SPECIAL} ${LETTERS}`,
  ]);
  await platform.sql('update widget_data set data = $2 where widget_id = $1', [
    widgetId,
    JSON.stringify(Object.values(HOSTILE).map((region) => ({ region, [`${SPECIAL}${LETTERS}`]: 1 }))),
  ]);
  await addSandboxProviders(platform);
  agents = new Map();
  for (const protocol of PROVIDER_PROTOCOLS) {
    const columns = {
      tools: '{search,analysis}',
      model: ownModel(protocol, 'sandbox-small'),
      system_prompt: SPECIAL,
    };
    agents.set(protocol, await platform.addAgent(columns));
  }
  const calls = [
    { name: 'analysis', arguments: { widgetId } },
    { name: 'search', arguments: { query: 'sales' } },
  ];
  // Both tools, then the answer.
  await platform.sandbox.rules({
    match: { model: 'sandbox-small' },
    behaviour: { toolCalls: calls, whileToolResultsBelow: 2 },
  });
  const port = await freePort();
  metrics = `http://127.0.0.1:${port}/metrics`;
  await platform.startWorker({ WORKER_METRICS_PORT: String(port) });
});
afterAll(() => platform.close());

const addPast = (agentId: string) =>
  addLongConversation(platform.sql, platform.ann, {
    agentId,
    turns: TURNS,
    questions: ['How are sales?', SPECIAL, 'And now?', 'b'.repeat(2_000)],
    results: ['{"data":[1,2,3]}', 'Some words of a result. '.repeat(20), ...Object.values(HOSTILE)],
  });

/** What one in a hundred turns of the worker's event loop was late since the last look, ms. */
async function lagP99(): Promise<number> {
  const text = await (await fetch(metrics, { headers: { connection: 'close' } })).text();
  const seconds = /^nodejs_eventloop_lag_p99_seconds (\S+)$/m.exec(text)?.[1];
  return Number(seconds) * 1_000;
}

/** Asks one after the other, and demands an answer to each. */
async function answered(contents: readonly string[], question: { agentId: string; conversationId?: string }) {
  for (const content of contents) {
    const [run] = await platform.ended(await platform.chat({ ...question, content }));
    expect(run).toMatchObject({ status: 'completed', reply: expect.stringMatching(/./s) });
  }
}

interface Seen {
  /** Calls and results in the prompt, however the protocol writes them. */
  calls: number;
  results: number;
}
function toolsIn(body: unknown): Seen {
  const text = JSON.stringify(body);
  const count = (pattern: RegExp) => [...text.matchAll(pattern)].length;
  return {
    calls: count(/"type":"(function_call|tool_use)"|"function":\{"name":"[^"]*","arguments"/g),
    results: count(/"type":"(function_call_output|tool_result)"|"role":"tool"/g),
  };
}

it.each(PROVIDER_PROTOCOLS)(
  '%s takes every prompt of a conversation with 2,000 tool turns',
  async (protocol) => {
    const since = (await platform.sandbox.requests()).at(-1)?.seq ?? 0;
    const agentId = agents.get(protocol) ?? '';
    const questions = ['How are sales?', ...Object.values(HOSTILE).map((text) => `${text}?`)];
    await answered(questions, { agentId, conversationId: await addPast(agentId) });
    const requests = await platform.sandbox.requests(since);
    expect(requests).toHaveLength(2 * questions.length);
    for (const { status, outcome, protocol: spoken } of requests) {
      expect([status, outcome, spoken]).toEqual([200, 'completed', protocol]);
    }
    const seen = requests.map(({ body }) => toolsIn(body));
    for (const { calls, results } of seen) expect(calls).toBe(results);
    // Some of the past's tool turns were among them, not only the run's own.
    expect(seen.some(({ calls }) => calls > 2)).toBe(true);
  },
);

it.each(PROVIDER_PROTOCOLS)(
  '%s takes a system prompt of 100,000 equal letters where they fit',
  async (protocol) => {
    const since = (await platform.sandbox.requests()).at(-1)?.seq ?? 0;
    for (const text of [LETTERS, HOSTILE.special]) {
      const agentId = await platform.addAgent({
        model: ownModel(protocol, 'sandbox-echo'),
        system_prompt: text,
      });
      await answered(['hello'], { agentId });
    }
    const requests = await platform.sandbox.requests(since);
    expect(requests.map(({ status }) => status)).toEqual([200, 200]);
  },
);

it('the worker’s event loop is never held up by what is counted', async () => {
  const conversationIds = new Map<string, string>();
  for (const agentId of agents.values()) conversationIds.set(agentId, await addPast(agentId));
  const noise = monitorEventLoopDelay({ resolution: 10 });
  await lagP99();
  noise.enable();
  for (const [agentId, conversationId] of conversationIds) {
    await answered(['How are sales?', ...Object.values(HOSTILE)], { agentId, conversationId });
  }
  const lag = await lagP99();
  noise.disable();
  // This process does next to nothing meanwhile: what it is late is the machine's doing.
  expect(lag).toBeLessThan(LAG_MS + noise.percentile(99) / 1e6);
});
