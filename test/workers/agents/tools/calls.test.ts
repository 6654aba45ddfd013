import { Client } from 'pg';
import { TOOL_NAMES } from '../../../../domain/runs/types';
import { newId } from '../../../../lib/ids';
import { parseCall } from '../../../../workers/agents/tools/parse-call';
import { toolDefinitions } from '../../../../workers/agents/tools/registry';
import { resultText, TOOL_RESULT_BYTES } from '../../../../workers/agents/tools/result';
import { createToolWorld, type Person, type ToolWorld } from './fixture';

jest.setTimeout(60_000);

let world: ToolWorld;
let ann: Person;
beforeAll(async () => {
  world = await createToolWorld();
  ann = await world.addPerson(await world.addBusiness(), 'manager');
});
afterAll(() => world.drop());

const id = newId();

it.each([
  ['no JSON', 'search', '{"query": ', /not JSON/],
  ['nothing', 'search', '', /query: /],
  ['not an object', 'search', '[]', /object/],
  ['an unknown field', 'search', '{"query":"a","all":true}', /all/],
  ['only blanks', 'search', '{"query":" \\u0000 "}', /query: must not be empty/],
  ['not an id', 'analysis', '{"widgetId":"1 or 1=1"}', /widgetId: is not a widget id/],
  ['too many', 'reporting', JSON.stringify({ title: 'a', widgetIds: Array(11).fill(id) }), /widgetIds/],
  ['none', 'reporting', '{"title":"a","widgetIds":[]}', /widgetIds/],
  ['no such action', 'automation', JSON.stringify({ action: 'delete', widgetId: id }), /action/],
  [
    'no schedule',
    'automation',
    JSON.stringify({ action: 'set_schedule', widgetId: id }),
    /schedule: is needed/,
  ],
  [
    'no cron',
    'automation',
    JSON.stringify({ action: 'set_schedule', widgetId: id, schedule: { cron: '99 * * * *' } }),
    /cron/,
  ],
  ['no such time', 'analysis', JSON.stringify({ widgetId: id, from: 'yesterday' }), /from: .*ISO 8601/],
])('wrong arguments are told to the model: %s', async (_, name, args, message) => {
  const answer = await world.ask(ann, name as 'search', args);
  expect(answer.status).toBe('failed');
  expect(answer.error).toMatch(message);
});

it('a tool that the agent does not have, or nobody, is refused', async () => {
  expect((await world.ask(ann, 'search', { query: 'a' }, ['analysis'])).error).toBe(
    'There is no tool "search". There are: analysis.',
  );
  for (const name of ['constructor', '__proto__', 'rm -rf']) {
    expect(parseCall(TOOL_NAMES, { name, arguments: '{}' }).ok).toBe(false);
  }
});

it('every tool is told to providers as a JSON Schema of an object', () => {
  for (const { name, description, parameters } of toolDefinitions(TOOL_NAMES)) {
    expect(description).not.toBe('');
    expect({ name, ...parameters }).toMatchObject({ name, type: 'object', additionalProperties: false });
  }
});

describe('a result is never larger than its limit, and says what was cut', () => {
  const nested = (depth: number): unknown =>
    depth === 0 ? 'x'.repeat(300) : Array(6).fill(nested(depth - 1));
  it.each([
    ['many rows', Array.from({ length: 50_000 }, (_, n) => ({ n, text: 'ä'.repeat(20) }))],
    ['one long text', '😀'.repeat(100_000)],
    ['many keys', Object.fromEntries(Array.from({ length: 20_000 }, (_, n) => [`key ${n}`, n]))],
    ['long keys', { ['k'.repeat(100_000)]: 1 }],
    ['deep', nested(6)],
  ])('%s', (_, data) => {
    const text = resultText(data);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(TOOL_RESULT_BYTES);
    expect(JSON.parse(text)).toMatchObject({ truncated: expect.stringMatching(/cut/) });
    expect(text.length).toBeGreaterThan(300);
  });

  it('what fits is whole', () => {
    const data = { a: [1, 'x', null] };
    expect(JSON.parse(resultText(data))).toEqual({ note: expect.any(String), data });
  });

  it('ten large widgets in one report', async () => {
    const rows = Array.from({ length: 500 }, (_, n) =>
      Object.fromEntries(
        Array.from({ length: 12 }, (__, column) => [`column ${column}`, `${'ü'.repeat(60)} ${n}`]),
      ),
    );
    const widgetIds: string[] = [];
    for (let n = 0; n < 10; n += 1) widgetIds.push(await world.addShown(ann, { type: 'table', data: rows }));
    const { text, data } = await world.ask(ann, 'reporting', { title: 'Large', widgetIds });
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(TOOL_RESULT_BYTES);
    expect(data).toMatchObject({
      csv: { rows: 5_000 },
      markdown: expect.stringMatching(/of 500 rows.*of 12 columns/),
    });
    expect(text).not.toContain('"truncated":"');
  });
});

it('a statement that does not come back ends the call, not the run', async () => {
  const widgetId = await world.addShown(ann);
  const holder = new Client({ connectionString: world.url });
  await holder.connect();
  await holder.query('begin');
  await holder.query('select from widget_schedules where widget_id = $1 for update', [widgetId]);
  const answer = await world.ask(ann, 'automation', { action: 'refresh', widgetId });
  await holder.query('rollback');
  await holder.end();
  expect(answer.error).toMatch(/took too long/);
  expect((await world.ask(ann, 'automation', { action: 'refresh', widgetId })).status).toBe('done');
});
