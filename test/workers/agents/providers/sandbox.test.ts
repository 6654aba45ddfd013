import type { ContextMessage } from '../../../../workers/agents/providers/provider';
import { SANDBOX_KEY, scripted, startTestSandbox, type TestSandbox } from '../../../support/sandbox';
import {
  callsIn,
  closeAll,
  configOf,
  outcomeOf,
  PROTOCOLS,
  provide,
  requestOf,
  textIn,
  usageIn,
} from './fixture';

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await startTestSandbox();
});
afterAll(() => sandbox.close());
afterEach(closeAll);

const TOOL = {
  name: 'search',
  description: 'Finds things.',
  parameters: { type: 'object', properties: { query: { type: 'string' } } },
};

// The sandbox read the protocols' documentation for itself: two readings must agree.
describe.each(PROTOCOLS)('%s against the sandbox', (protocol) => {
  const ask = (content: string, model = 'sandbox-script', messages: ContextMessage[] = []) =>
    outcomeOf(
      provide(configOf(protocol, sandbox.url, { apiKey: SANDBOX_KEY }), { idleTimeoutMs: 2_000 }).stream(
        requestOf({ model, tools: [TOOL], messages: [{ role: 'user', content }, ...messages] }),
      ),
    );

  test('a reply', async () => {
    const { events, error } = await ask('Hello there', 'sandbox-echo');
    expect(error).toBeUndefined();
    expect(textIn(events)).toContain('Hello there');
    expect(events.at(-1)).toMatchObject({ type: 'end', stopReason: 'end', model: 'sandbox-echo' });
    const [request] = (await sandbox.requests()).slice(-1);
    expect(request).toBeDefined();
    expect(usageIn(events)).toMatchObject({ input: expect.any(Number), outputText: expect.any(Number) });
  });

  test.each([
    ['stall', 'stalled', 'ambiguous'],
    ['rate_limit', 'rate_limited', 'refused'],
    ['overloaded', 'overloaded', 'refused'],
    ['server_error', 'server_error', 'refused'],
    ['cut', 'cut', 'ambiguous'],
    ['reset', 'cut', 'ambiguous'],
    ['bad_json', 'malformed', 'ambiguous'],
    ['error_event', 'stream_error', 'ambiguous'],
    ['failed', 'stream_error', 'ambiguous'],
    ['html', 'malformed', 'ambiguous'],
  ] as const)('its fault %s', async (fault, code, fate) => {
    await sandbox.reset();
    await sandbox.rules({ behaviour: { fault, afterChunks: 2, retryAfterSeconds: 9 } });
    const { error } = await ask('Hello there, all of you', 'sandbox-echo');
    expect(error).toMatchObject({ code, fate, retryAfterMs: fault === 'rate_limit' ? 9_000 : undefined });
    expect(await sandbox.requests()).toHaveLength(1);
    await sandbox.reset();
  });

  test('thinking before it', async () => {
    const { events } = await ask('Hello', 'sandbox-reasoner');
    expect(usageIn(events)?.outputReasoning).toBeGreaterThan(0);
  });

  test('a call, and the reply to its result', async () => {
    const said = scripted({
      toolCalls: [{ name: 'search', arguments: { query: 'x' } }],
      whileToolResultsBelow: 1,
      text: 'Found.',
    });
    const { events, error } = await ask(said);
    expect(error).toBeUndefined();
    const calls = callsIn(events);
    expect(calls).toMatchObject([{ name: 'search' }]);
    expect(JSON.parse(calls[0]?.arguments ?? '')).toEqual({ query: 'x' });
    expect(events.at(-1)).toMatchObject({ stopReason: 'tool_calls' });
    const reply = await ask(said, 'sandbox-script', [
      { role: 'assistant', content: textIn(events), toolCalls: calls },
      { role: 'tool', toolCallId: calls[0]?.id ?? '', content: 'One.', isError: false },
    ]);
    expect(reply.error).toBeUndefined();
    expect(textIn(reply.events)).toContain('Found.');
  });
});
