import type { ChatCompletionFunctionTool } from 'openai/resources/chat/completions';
import { countPrompt, countTokens } from '../../sandbox/tokens';
import { scripted, startTestSandbox, type TestSandbox } from '../support/sandbox';
import { collect, openaiFor } from './clients';

let sandbox: TestSandbox;
beforeAll(async () => void (sandbox = await startTestSandbox()));
afterAll(() => sandbox.close());

const TOOL: ChatCompletionFunctionTool = {
  type: 'function',
  function: { name: 'search', parameters: { type: 'object' } },
};

it('streams a text in chunks, then the reason, then the usage', async () => {
  const stream = await openaiFor(sandbox).chat.completions.create({
    model: 'sandbox-echo',
    messages: [{ role: 'user', content: 'Numbers, please: 数字' }],
    stream: true,
    stream_options: { include_usage: true },
  });
  const chunks = await collect(stream);
  expect(chunks[0]?.choices[0]?.delta).toMatchObject({ role: 'assistant', content: '' });
  expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')).toBe('Numbers, please: 数字');
  expect(chunks.at(-2)?.choices[0]).toMatchObject({ delta: {}, finish_reason: 'stop' });
  expect(chunks.slice(0, -1).every((chunk) => chunk.usage === null)).toBe(true);
  const messages = [{ role: 'user' as const, at: '', text: 'Numbers, please: 数字' }];
  const input = countPrompt({ system: '', tools: [], messages });
  const output = countTokens('Numbers, please: 数字');
  expect(chunks.at(-1)).toMatchObject({
    choices: [],
    usage: { prompt_tokens: input, completion_tokens: output, total_tokens: input + output },
  });
});

it('tells no usage of a stream unless asked, and ends with [DONE]', async () => {
  const response = await openaiFor(sandbox)
    .chat.completions.create({
      model: 'sandbox-echo',
      messages: [{ role: 'user', content: 'Hi' }],
      stream: true,
    })
    .asResponse();
  const text = await response.text();
  expect(text).not.toContain('usage');
  expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
});

it('calls tools in deltas, and takes their results', async () => {
  const client = openaiFor(sandbox);
  const user = {
    role: 'user' as const,
    content: scripted({
      text: 'A moment.',
      toolCalls: [{ name: 'search', arguments: { query: 'sales' } }, { name: 'search' }],
      whileToolResultsBelow: 1,
    }),
  };
  const request = { model: 'sandbox-script', tools: [TOOL] };
  const first = await client.chat.completions.stream({ ...request, messages: [user] }).finalChatCompletion();
  const whole = await client.chat.completions.create({ ...request, messages: [user] });
  const { message, finish_reason: reason } = first.choices[0] ?? {};
  expect(reason).toBe('tool_calls');
  expect(message?.content).toBe('A moment.');
  expect(message?.tool_calls).toMatchObject([
    { function: { name: 'search', arguments: '{"query":"sales"}' } },
    { function: { name: 'search', arguments: '{}' } },
  ]);
  expect(whole.choices[0]).toMatchObject({ finish_reason: 'tool_calls', message: { content: 'A moment.' } });
  const calls = whole.choices[0]?.message.tool_calls ?? [];
  expect(calls).toHaveLength(2);
  const second = await client.chat.completions.create({
    ...request,
    messages: [
      user,
      { role: 'assistant', content: 'A moment.', tool_calls: calls },
      ...calls.map((call) => ({ role: 'tool' as const, tool_call_id: call.id, content: '{}' })),
    ],
  });
  expect(second.choices[0]).toMatchObject({ finish_reason: 'stop', message: { content: 'A moment.' } });
});

it('ends an answer at its cap, in the middle of a call, too', async () => {
  const ask = (content: string, cap: number) =>
    openaiFor(sandbox).chat.completions.create({
      model: 'sandbox-script',
      messages: [{ role: 'user', content }],
      max_completion_tokens: cap,
    });
  const text = await ask(scripted({ useWholeCap: true }), 7);
  expect(text).toMatchObject({ choices: [{ finish_reason: 'length' }], usage: { completion_tokens: 7 } });
  const toolCalls = [{ name: 'search', arguments: { query: 'a long query of many words' } }];
  const call = await ask(scripted({ toolCalls }), 5);
  expect(call).toMatchObject({ choices: [{ finish_reason: 'length' }], usage: { completion_tokens: 5 } });
});

it('counts thinking and caching inside of output and input', async () => {
  const ask = () =>
    openaiFor(sandbox).chat.completions.create({
      model: 'sandbox-reasoner',
      messages: [{ role: 'user', content: 'Why? '.repeat(20) }],
    });
  await ask();
  const { usage } = await ask();
  expect(usage?.completion_tokens_details?.reasoning_tokens).toBe(48);
  expect(usage?.completion_tokens).toBe(48 + countTokens('Why? '.repeat(20)));
  expect(usage?.prompt_tokens_details?.cached_tokens).toBe(usage?.prompt_tokens);
});
