import type { FunctionTool, ResponseStreamEvent } from 'openai/resources/responses/responses';
import { countTokens } from '../../sandbox/tokens';
import { scripted, startTestSandbox, type TestSandbox } from '../support/sandbox';
import { collect, openaiFor } from './clients';

let sandbox: TestSandbox;
beforeAll(async () => void (sandbox = await startTestSandbox()));
afterAll(() => sandbox.close());

const TOOL: FunctionTool = {
  type: 'function',
  name: 'search',
  strict: false,
  parameters: { type: 'object', properties: { query: { type: 'string' } } },
};

/** The sequence of event types, repeated ones once. */
const shape = (events: ResponseStreamEvent[]) =>
  events.map((event) => event.type).filter((type, index, all) => type !== all[index - 1]);

it('streams a text, event by event, numbered, and ends with usage', async () => {
  const stream = await openaiFor(sandbox).responses.create({
    model: 'sandbox-echo',
    input: 'Grüße an alle 👋 im Haus',
    stream: true,
  });
  const events = await collect(stream);
  expect(shape(events)).toEqual([
    'response.created',
    'response.in_progress',
    'response.output_item.added',
    'response.content_part.added',
    'response.output_text.delta',
    'response.output_text.done',
    'response.content_part.done',
    'response.output_item.done',
    'response.completed',
  ]);
  expect(events.map((event) => event.sequence_number)).toEqual(events.map((_, index) => index));
  const deltas = events.filter((event) => event.type === 'response.output_text.delta');
  expect(deltas.map((event) => event.delta).join('')).toBe('Grüße an alle 👋 im Haus');
  const last = events.at(-1);
  if (last?.type !== 'response.completed') throw new Error('no end');
  expect(last.response.usage).toMatchObject({
    output_tokens: countTokens('Grüße an alle 👋 im Haus'),
    input_tokens_details: { cached_tokens: 0 },
    output_tokens_details: { reasoning_tokens: 0 },
  });
  expect(last.response.status).toBe('completed');
});

it("fits the SDK's own assembly of a stream, and the whole response is the same", async () => {
  const request = { model: 'sandbox-echo', input: 'The same words' };
  const streamed = await openaiFor(sandbox).responses.stream(request).finalResponse();
  const whole = await openaiFor(sandbox).responses.create(request);
  expect(streamed.output).toMatchObject([{ content: [{ type: 'output_text', text: 'The same words' }] }]);
  expect(whole.output_text).toBe('The same words');
  expect(whole.usage).toEqual(streamed.usage);
  expect(whole._request_id).toMatch(/^req_/);
});

it('calls tools, and takes their results', async () => {
  const client = openaiFor(sandbox);
  const said = scripted({
    toolCalls: [
      { name: 'search', arguments: { query: 'sales' } },
      { name: 'search', arguments: { query: 'costs' } },
    ],
    whileToolResultsBelow: 2,
    text: 'Done.',
  });
  const first = await client.responses
    .stream({ model: 'sandbox-script', input: said, tools: [TOOL] })
    .finalResponse();
  const calls = first.output.filter((item) => item.type === 'function_call');
  expect(calls.map((call) => JSON.parse(call.arguments) as unknown)).toEqual([
    { query: 'sales' },
    { query: 'costs' },
  ]);
  const second = await client.responses.create({
    model: 'sandbox-script',
    tools: [TOOL],
    input: [
      { role: 'user', content: said },
      ...calls.map(({ call_id, name, arguments: args }) => ({
        type: 'function_call' as const,
        call_id,
        name,
        arguments: args,
      })),
      ...calls.map((call) => ({
        type: 'function_call_output' as const,
        call_id: call.call_id,
        output: '{}',
      })),
    ],
  });
  expect(second.output_text).toBe('Done.');
  expect(second.output.map((item) => item.type)).toEqual(['message']);
});

it('ends an answer at its cap as incomplete', async () => {
  const events = await collect(
    await openaiFor(sandbox).responses.create({
      model: 'sandbox-script',
      input: scripted({ useWholeCap: true }),
      max_output_tokens: 20,
      stream: true,
    }),
  );
  const last = events.at(-1);
  if (last?.type !== 'response.incomplete') throw new Error('not incomplete');
  expect(last.response).toMatchObject({
    status: 'incomplete',
    incomplete_details: { reason: 'max_output_tokens' },
    output: [{ type: 'message', status: 'incomplete' }],
    usage: { output_tokens: 20 },
  });
});

it('bills thinking as output, and a beginning it has seen as cached', async () => {
  const client = openaiFor(sandbox);
  const ask = (input: string) =>
    client.responses.create({ model: 'sandbox-reasoner', instructions: 'Be brief. '.repeat(50), input });
  const first = await ask('one');
  expect(first.usage?.input_tokens_details.cached_tokens).toBe(0);
  expect(first.usage?.output_tokens_details.reasoning_tokens).toBe(48);
  expect(first.usage?.output_tokens).toBe(48 + countTokens('one'));
  expect(first.output.map((item) => item.type)).toEqual(['reasoning', 'message']);
  const second = await ask('two');
  expect(second.usage?.input_tokens).toBe(first.usage?.input_tokens);
  expect(second.usage?.input_tokens_details.cached_tokens).toBeGreaterThan(100);
  expect(second.usage?.input_tokens_details.cached_tokens).toBeLessThan(second.usage?.input_tokens ?? 0);
});
