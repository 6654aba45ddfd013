import { SANDBOX_MODEL_FACTS } from '../../domain/models/sandbox';
import { SANDBOX_MODELS } from '../../sandbox/models';
import { SANDBOX_KEY, startTestSandbox, type TestSandbox } from '../support/sandbox';
import { anthropicFor, collect, openaiFor } from './clients';

let sandbox: TestSandbox;
beforeAll(async () => void (sandbox = await startTestSandbox()));
afterAll(() => sandbox.close());

const HEADERS = { authorization: `Bearer ${SANDBOX_KEY}`, 'anthropic-version': '2023-06-01' };

async function post(path: string, body: unknown, headers: Record<string, string> = HEADERS) {
  const response = await fetch(`${sandbox.url}/v1/${path}`, {
    method: 'POST',
    headers,
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { response, body: (await response.json()) as { error: Record<string, unknown>; type?: string } };
}
const model = 'sandbox-echo';
const hi = { role: 'user', content: 'Hi' };

/** [what is wrong, the request, a part of the message] */
type Case = [string, object, string];

const chatCall = { role: 'assistant', tool_calls: [call('a'), call('b')] };
function call(id: string) {
  return { id, type: 'function', function: { name: 'search', arguments: '{}' } };
}
const chatResult = (id: string) => ({ role: 'tool', tool_call_id: id, content: 'x' });
const CHAT: Case[] = [
  ['no messages', { messages: [] }, 'messages'],
  ['one result of two', { messages: [hi, chatCall, chatResult('a')] }, 'did not have response messages: b'],
  ['words before results', { messages: [hi, chatCall, hi] }, 'did not have response messages: a, b'],
  [
    'a result without a call',
    { messages: [hi, chatResult('a')] },
    'must be a response to a preceeding message',
  ],
  [
    'a result twice',
    { messages: [hi, chatCall, chatResult('a'), chatResult('a')] },
    'must be a response to a preceeding message',
  ],
  [
    "another turn's result",
    { messages: [hi, chatCall, chatResult('a'), chatResult('b'), hi, chatResult('a')] },
    'must be a response to a preceeding message',
  ],
  ['an assistant who says nothing', { messages: [hi, { role: 'assistant', content: null }] }, 'content'],
  ['a cap of zero', { messages: [hi], max_tokens: 0 }, 'below minimum value'],
  ['a cap above the model', { messages: [hi], max_tokens: 99_999 }, 'max_tokens is too large'],
  ['two caps', { messages: [hi], max_tokens: 9, max_completion_tokens: 9 }, 'at the same time'],
  ['stream options without a stream', { messages: [hi], stream_options: {} }, 'stream_options'],
  ['an unknown field', { messages: [hi], max_output_tokens: 9 }, "Unknown parameter: 'max_output_tokens'"],
];

const item = (call_id: string) => ({ type: 'function_call', call_id, name: 'search', arguments: '{}' });
const output = (call_id: string) => ({ type: 'function_call_output', call_id, output: 'x' });
const RESPONSES: Case[] = [
  ['no input', {}, 'input'],
  [
    'a call without its output',
    { input: [hi, item('a'), item('b'), output('a')] },
    'No tool output found for function call b',
  ],
  [
    'an output without its call',
    { input: [hi, output('a')] },
    'No tool call found for function call output with call_id a',
  ],
  ['a cap below 16', { input: 'x', max_output_tokens: 15 }, 'Expected a value >= 16, but got 15'],
  ['a cap above the model', { input: 'x', max_output_tokens: 99_999 }, 'above maximum value'],
  ['an unknown field', { input: 'x', messages: [] }, "Unknown parameter: 'messages'"],
];

const use = (id: string) => ({ type: 'tool_use', id, name: 'search', input: {} });
const result = (tool_use_id: string) => ({ type: 'tool_result', tool_use_id, content: 'x' });
const calls = { role: 'assistant', content: [use('a'), use('b')] };
const ANTHROPIC: Case[] = [
  ['no cap', { messages: [hi], max_tokens: undefined }, 'max_tokens'],
  ['a cap of zero', { messages: [hi], max_tokens: 0 }, 'greater than or equal to 1'],
  ['a cap above the model', { messages: [hi], max_tokens: 99_999 }, 'max_tokens: 99999 > 16384'],
  ['empty words', { messages: [{ role: 'user', content: '' }] }, 'non-empty content'],
  ['an empty block', { messages: [{ role: 'user', content: [{ type: 'text', text: '' }] }] }, 'non-empty'],
  [
    'an empty turn of the assistant',
    { messages: [hi, { role: 'assistant', content: '' }, hi] },
    'non-empty content',
  ],
  [
    'an assistant who begins',
    { messages: [{ role: 'assistant', content: 'x' }, hi] },
    'first message must use',
  ],
  ['a trailing space', { messages: [hi, { role: 'assistant', content: 'x ' }] }, 'trailing whitespace'],
  [
    'a call without its result',
    { messages: [hi, calls, { role: 'user', content: [result('a')] }] },
    'without `tool_result` blocks immediately after: b',
  ],
  ['calls at the end', { messages: [hi, calls] }, 'without `tool_result` blocks immediately after: a, b'],
  [
    'a result without its call',
    { messages: [{ role: 'user', content: [result('a')] }] },
    'unexpected `tool_use_id`',
  ],
  [
    'words before a result',
    {
      messages: [
        hi,
        { role: 'assistant', content: [use('a')] },
        { role: 'user', content: [{ type: 'text', text: 'x' }, result('a')] },
      ],
    },
    'must come first',
  ],
  ['an unknown field', { messages: [hi], max_output_tokens: 9 }, 'max_output_tokens'],
];

describe('a request that a provider would refuse', () => {
  it.each(CHAT)('Chat Completions: %s', async (_what, body, message) => {
    const answer = await post('chat/completions', { model, ...body });
    expect(answer.response.status).toBe(400);
    expect(answer.body.error).toMatchObject({ type: 'invalid_request_error' });
    expect(answer.body.error.message).toContain(message);
  });
  it.each(RESPONSES)('Responses: %s', async (_what, body, message) => {
    const answer = await post('responses', { model, ...body });
    expect(answer.response.status).toBe(400);
    expect(answer.body.error).toMatchObject({ type: 'invalid_request_error' });
    expect(answer.body.error.message).toContain(message);
  });
  it.each(ANTHROPIC)('Anthropic: %s', async (_what, body, message) => {
    const answer = await post('messages', { model, max_tokens: 99, ...body });
    expect(answer.response.status).toBe(400);
    expect(answer.body).toMatchObject({ type: 'error', error: { type: 'invalid_request_error' } });
    expect(answer.body.error.message).toContain(message);
  });
  it('no JSON at all, or a stranger body', async () => {
    for (const path of ['responses', 'chat/completions', 'messages'])
      for (const body of ['{', '', 'null', '[]', '"x"', '5'])
        expect((await post(path, body)).response.status).toBe(400);
    const [last] = (await sandbox.requests()).slice(-1);
    expect(last).toMatchObject({ outcome: 'refused', status: 400, billed: null });
  });
});

it('a context beyond the window is refused in the words the SDKs look for', async () => {
  // 8,000 tokens are 32,000 bytes.
  const content = 'long '.repeat(6_400);
  const small = { model: 'sandbox-small', max_tokens: 100 };
  const messages = [{ role: 'user' as const, content }];
  const code = 'context_length_exceeded';
  const openai = openaiFor(sandbox);
  await expect(openai.chat.completions.create({ ...small, messages })).rejects.toMatchObject({
    status: 400,
    code,
  });
  await expect(openai.responses.create({ model: 'sandbox-small', input: content })).rejects.toMatchObject({
    status: 400,
    code,
  });
  await expect(anthropicFor(sandbox).messages.create({ ...small, messages })).rejects.toThrow(
    'prompt is too long: 8006 tokens > 8000 maximum',
  );
  // Input and cap together: only OpenAI's Responses cut the answer instead.
  const near = [{ role: 'user' as const, content: content.slice(0, 31_700) }];
  await expect(openai.chat.completions.create({ ...small, messages: near })).rejects.toMatchObject({ code });
  await expect(anthropicFor(sandbox).messages.create({ ...small, messages: near })).rejects.toThrow(
    'exceed context limit: 7931 + 100 > 8000',
  );
  const cut = await openai.responses.create({
    model: 'sandbox-small',
    input: near[0]?.content ?? '',
    max_output_tokens: 100,
  });
  expect(cut).toMatchObject({ status: 'incomplete', usage: { input_tokens: 7_931, output_tokens: 69 } });
});

it('unknown models are not found, and wrong keys unauthorized', async () => {
  const messages = [{ role: 'user' as const, content: 'x' }];
  const openai = openaiFor(sandbox);
  const unknown = { model: 'gpt-9', messages, max_tokens: 9 };
  await expect(openai.chat.completions.create(unknown)).rejects.toMatchObject({
    status: 404,
    code: 'model_not_found',
  });
  await expect(openai.responses.create({ model: 'gpt-9', input: 'x' })).rejects.toMatchObject({
    status: 404,
  });
  await expect(anthropicFor(sandbox).messages.create(unknown)).rejects.toMatchObject({
    status: 404,
    type: 'not_found_error',
    requestID: expect.stringMatching(/^req_/) as string,
  });
  const known = { ...unknown, model };
  await expect(openaiFor(sandbox, 'sk-1').chat.completions.create(known)).rejects.toMatchObject({
    status: 401,
    code: 'invalid_api_key',
    requestID: expect.stringMatching(/^req_/) as string,
  });
  await expect(openaiFor(sandbox, 'sk-1').responses.create({ model, input: 'x' })).rejects.toMatchObject({
    status: 401,
  });
  await expect(anthropicFor(sandbox, 'sk-1').messages.create(known)).rejects.toMatchObject({
    status: 401,
    type: 'authentication_error',
  });
  expect((await post('messages', known, { authorization: `Bearer ${SANDBOX_KEY}` })).response.status).toBe(
    400,
  );
});

it('lists its models for both SDKs', async () => {
  const ids = SANDBOX_MODELS.map(({ id }) => id);
  expect((await collect(openaiFor(sandbox).models.list())).map(({ id }) => id)).toEqual(ids);
  const infos = await collect(anthropicFor(sandbox).models.list());
  expect(infos.map(({ id }) => id)).toEqual(ids);
  expect(infos.find(({ id }) => id === 'sandbox-small')).toMatchObject({
    max_input_tokens: 8_000,
    max_tokens: 2_000,
  });
});

it('has the models that the platform believes it has', () => {
  expect(
    SANDBOX_MODELS.map(({ id, name, contextWindow, maxOutput }) => ({
      id,
      name,
      contextWindow,
      maxOutputTokens: maxOutput,
    })),
  ).toEqual(SANDBOX_MODEL_FACTS);
});
