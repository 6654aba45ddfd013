import { join } from 'node:path';
import { startSandbox } from '../../sandbox/server';
import { spawnNode } from '../support/app';
import { sandboxControl, scripted, startTestSandbox, type TestSandbox } from '../support/sandbox';
import { anthropicFor, collect, openaiFor } from './clients';

let sandbox: TestSandbox;
beforeAll(async () => void (sandbox = await startTestSandbox()));
afterEach(() => sandbox.reset());
afterAll(() => sandbox.close());

/** What the model says to one message. */
async function say(content: string, model = 'sandbox-echo', headers: Record<string, string> = {}) {
  const { choices } = await openaiFor(sandbox).chat.completions.create(
    { model, messages: [{ role: 'user', content }] },
    { headers },
  );
  return choices[0]?.message.content;
}

it('rules answer what they match, so many times, the oldest first', async () => {
  await sandbox.rules(
    { match: { contains: 'sales' }, times: 1, behaviour: { text: 'first' } },
    { match: { contains: 'sales' }, behaviour: { text: 'second' } },
    { match: { model: 'sandbox-small' }, behaviour: { text: 'small' } },
    { match: { protocol: 'openai-responses' }, behaviour: { text: 'responses' } },
  );
  expect([await say('sales'), await say('sales'), await say('sales')]).toEqual(['first', 'second', 'second']);
  expect(await say('x', 'sandbox-small')).toBe('small');
  expect(await say('x')).toBe('x');
  const response = await openaiFor(sandbox).responses.create({ model: 'sandbox-echo', input: 'x' });
  expect(response.output_text).toBe('responses');
  await sandbox.reset();
  expect(await say('sales')).toBe('sales');
});

it('a rule or a script that makes no sense is refused by name', async () => {
  await expect(sandbox.rules({ behaviour: { fault: 'explode' as never } })).rejects.toThrow(
    'behaviour.fault',
  );
  await expect(sandbox.rules({ behaviour: { text: 'a', useWholeCap: true } })).rejects.toThrow('Only one of');
  await expect(say(scripted({ delay: 5 } as never), 'sandbox-script')).rejects.toThrow('400');
  await expect(say('#sandbox now', 'sandbox-script')).rejects.toThrow('a JSON object is expected');
});

it('a script can have a step for each call of a run', async () => {
  const client = anthropicFor(sandbox);
  const content = scripted(
    { steps: [{ toolCalls: [{ name: 'search' }] }, { text: 'two' }] },
    'Say something first, then: ',
  );
  const request = { model: 'sandbox-script', max_tokens: 50 };
  const first = await client.messages.create({ ...request, messages: [{ role: 'user', content }] });
  const [call] = first.content;
  if (call?.type !== 'tool_use') throw new Error('no call');
  const second = await client.messages.create({
    ...request,
    messages: [
      { role: 'user', content },
      { role: 'assistant', content: [call] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: call.id, content: 'x' }] },
    ],
  });
  expect(second.content).toMatchObject([{ type: 'text', text: 'two' }]);
});

it('goes out in the speed that is asked for', async () => {
  const begun = performance.now();
  await say(scripted({ outputTokens: 30, tokensPerSecond: 100 }), 'sandbox-script');
  expect(performance.now() - begun).toBeGreaterThanOrEqual(290);
});

it('logs every request, with what it would be charged', async () => {
  await say('Hello there', 'sandbox-reasoner', { 'X-Client-Request-Id': 'ledger-1' });
  await say('x', 'gpt-9').catch(() => undefined);
  const log = await sandbox.requests();
  expect(log).toMatchObject([
    {
      protocol: 'openai-chat',
      path: '/v1/chat/completions',
      model: 'sandbox-reasoner',
      clientRequestId: 'ledger-1',
      body: { messages: [{ role: 'user', content: 'Hello there' }] },
      status: 200,
      outcome: 'completed',
      billed: { cached: 0, cacheWrite5m: 0, cacheWrite1h: 0, output: 3, reasoning: 48 },
      chunksSent: 51,
    },
    { model: 'gpt-9', status: 404, outcome: 'refused', billed: null, clientRequestId: null },
  ]);
  const [first, second] = log;
  expect(first?.billed?.input).toBe(9);
  expect(first?.requestId).toMatch(/^req_/);
  expect(first?.closedAt).toBeGreaterThanOrEqual(first?.receivedAt ?? Infinity);
  expect(await sandbox.requests(first?.seq)).toEqual([second]);
});

it('without control there is nothing to steer, and nothing is kept', async () => {
  const plain = await startSandbox();
  for (const [method, path] of [
    ['POST', 'rules'],
    ['GET', 'requests'],
  ] as const)
    expect(
      (await fetch(`${plain.url}/sandbox/${path}`, { method, headers: { connection: 'close' } })).status,
    ).toBe(404);
  await plain.close();
});

it('closing ends open streams', async () => {
  const plain = await startTestSandbox();
  const stream = await openaiFor(plain).chat.completions.create({
    model: 'sandbox-script',
    messages: [{ role: 'user', content: scripted({ outputTokens: 9_999, tokensPerSecond: 50 }) }],
    stream: true,
  });
  const reading = collect(stream);
  const broken = reading.then(() => 'ended well', String);
  await plain.close();
  expect(await broken).toContain('terminated');
});

it('runs as a process of its own, and says where', async () => {
  const app = spawnNode([join(__dirname, '..', '..', 'dist', 'sandbox', 'main.js')], { PORT: '0' });
  const { url } = JSON.parse(await app.waitForLine(/"sandbox":"ready"/)) as { url: string };
  const { rules, requests } = sandboxControl(url);
  await rules({ behaviour: { text: 'from afar' } });
  const response = await openaiFor({ ...sandbox, url }).responses.create({
    model: 'sandbox-echo',
    input: 'x',
  });
  expect(response.output_text).toBe('from afar');
  expect(await requests()).toHaveLength(1);
  expect(await app.kill('SIGTERM')).toEqual({ code: 0, signal: null });
});
