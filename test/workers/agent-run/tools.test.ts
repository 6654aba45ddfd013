import { CONFIRM_LIMIT_MS, MAX_TURNS } from '../../../domain/runs/limits';
import { confirmRun } from '../../../domain/runs/confirm';
import { MAX_SAME_CALLS } from '../../../workers/agents/repeat-guard';
import { eventually } from '../../support/eventually';
import { createAgentWorld, type AgentWorld } from './fixture';

jest.setTimeout(90_000);

let world: AgentWorld;
let agentId: string;
beforeAll(async () => {
  world = await createAgentWorld('redis');
  agentId = await world.addAgent({ tools: '{search,automation}' });
});
afterAll(() => world.close());
beforeEach(() => world.sandbox.reset());

const search = (query: string) => ({ name: 'search', arguments: { query } });

interface Call {
  name: string;
  status: string;
  result: string | null;
  turn: number;
}
const callsOf = async (runId: string) =>
  (await world.sql(
    'select name, status, result, turn from tool_calls where run_id = $1 order by turn, place',
    [runId],
  )) as unknown as Call[];

it('does what the model asks for, shows it the result, and answers in one reply', async () => {
  const { id, ...run } = await world.answered(
    { steps: [{ text: 'Let me look.', toolCalls: [search('sales')] }, { text: 'There is nothing.' }] },
    { agentId },
  );
  expect(run).toMatchObject({
    status: 'completed',
    reasonCode: null,
    reply: 'Let me look.\n\nThere is nothing.',
  });
  expect(await callsOf(id)).toMatchObject([{ name: 'search', status: 'done', turn: 1 }]);
  // As soon as the model has made it, and at the end with what became of it.
  const shown = await eventually('the end is announced', () => {
    const runs = world.announced.filter(({ event, payload }) => event === 'run.changed' && payload.id === id);
    return runs.at(-1)?.payload.status === 'completed'
      ? runs.map(({ payload }) => payload.toolCalls)
      : undefined;
  });
  expect(shown.slice(-2)).toMatchObject([[{ tool: 'search' }], [{ tool: 'search', status: 'done' }]]);
  expect((await world.ledger(id)).map(({ turn, outcome }) => [turn, outcome])).toEqual([
    [1, 'completed'],
    [2, 'completed'],
  ]);
  const deltas = world.deltas(id);
  let text = '';
  for (const delta of deltas) {
    expect(delta.position).toBe(text.length);
    text += delta.text;
  }
  expect(text).toBe(run.reply);
});

it.each([
  ['an unknown tool', { name: 'delete_everything', arguments: {} }, /There is no tool/],
  ['arguments that are no JSON', { name: 'search', arguments: '{"query": ' }, /not JSON/],
  ['arguments of another form', { name: 'search', arguments: { words: 1 } }, /not right/],
  [
    'NUL and half a character in them',
    { name: 'se\0arch', arguments: '"\ud83d\0"' },
    /not right|not JSON|no tool/,
  ],
])('tells the model of %s, and goes on', async (_, call, message) => {
  const { id, ...run } = await world.answered(
    { steps: [{ toolCalls: [call] }, { text: 'I see.' }] },
    { agentId },
  );
  expect(run).toMatchObject({ status: 'completed', reply: 'I see.' });
  const [made] = await callsOf(id);
  expect(made).toMatchObject({ status: 'failed', result: expect.stringMatching(message) });
  const last = (await world.sandbox.requests()).at(-1);
  expect(JSON.stringify(last?.body)).toMatch(message);
});

describe('a model that loops', () => {
  it('has the third call that is the same refused, and must answer without tools', async () => {
    const same = { name: 'search', arguments: { limit: 5, query: 'sales' } };
    const turned = { name: 'search', arguments: '{"query":"sales",  "limit":5}' };
    const { id, ...run } = await world.answered(
      {
        steps: [{ toolCalls: [same] }, { toolCalls: [turned] }, { toolCalls: [same] }, { text: 'So be it.' }],
      },
      { agentId },
    );
    expect(run).toMatchObject({ status: 'completed', reasonCode: 'repeated_call', reply: 'So be it.' });
    const statuses = (await callsOf(id)).map(({ status }) => status);
    expect(statuses).toEqual(['done', 'done', 'failed']);
    expect(statuses).toHaveLength(MAX_SAME_CALLS);
    const last = (await world.sandbox.requests()).at(-1);
    expect((last?.body as { tools?: unknown[] } | undefined)?.tools ?? []).toEqual([]);
  });

  it('ends after as many turns as there may be, whatever it calls', async () => {
    const steps = Array.from({ length: MAX_TURNS + 5 }, (_, n) => ({ toolCalls: [search(`sales ${n}`)] }));
    const { id, ...run } = await world.answered({ steps }, { agentId });
    expect(run).toMatchObject({ status: 'failed', reasonCode: 'max_turns' });
    expect(await callsOf(id)).toHaveLength(MAX_TURNS);
    expect(await world.sandbox.requests()).toHaveLength(MAX_TURNS + 1);
  });
});

describe('a tool that writes', () => {
  const waiting = (runId: string) =>
    eventually('the run waits', async () => {
      const [row] = await world.sql(
        `select t.id, t.summary from runs r join tool_calls t on t.run_id = r.id
          where r.id = $1 and r.status = 'waiting' and t.status = 'waiting'`,
        [runId],
      );
      return row as { id: string; summary: string } | undefined;
    });
  const decide = async (runId: string, toolCallId: string, approve: boolean) => {
    const { delivery } = await confirmRun(world.db, world.ann, runId, { toolCallId, approve });
    if (delivery) await world.parts.jobs.enqueue('agent-run', delivery);
  };
  const ask = async () => {
    const manager = await world.addPerson(world.businessId, 'manager');
    const widgetId = await world.addWidget(manager, { scope: 'business' });
    await world.sql(`update memberships set role = 'manager' where user_id = $1`, [world.ann.userId]);
    const call = {
      name: 'automation',
      arguments: { action: 'set_schedule', widgetId, schedule: { everySeconds: 600 } },
    };
    const runId = await world.chat(
      { steps: [{ text: 'May I?', toolCalls: [call] }, { text: 'Done.' }] },
      { agentId },
    );
    return { runId, widgetId };
  };
  const scheduleOf = async (widgetId: string) =>
    (await world.sql('select schedule from widgets where id = $1', [widgetId]))[0]?.schedule;

  it('waits for the person, and is done once they agree', async () => {
    const { runId, widgetId } = await ask();
    const { id, summary } = await waiting(runId);
    expect(summary).not.toBe('');
    expect(CONFIRM_LIMIT_MS).toBeGreaterThan(60_000);
    const before = await scheduleOf(widgetId);
    expect(before).not.toEqual({ everySeconds: 600 });
    await decide(runId, id, true);
    expect(await world.ended(runId)).toMatchObject({
      status: 'completed',
      reply: 'May I?\n\nDone.',
      epoch: 2,
    });
    expect(await scheduleOf(widgetId)).toEqual({ everySeconds: 600 });
    expect(await callsOf(runId)).toMatchObject([{ status: 'done' }]);
  });

  it('is not done where they decline, and the model is told', async () => {
    const { runId, widgetId } = await ask();
    const { id } = await waiting(runId);
    await decide(runId, id, false);
    expect(await world.ended(runId)).toMatchObject({ status: 'completed', reply: 'May I?\n\nDone.' });
    expect(await scheduleOf(widgetId)).not.toEqual({ everySeconds: 600 });
    const last = (await world.sandbox.requests()).at(-1);
    expect(JSON.stringify(last?.body)).toMatch(/declined/);
  });
});

it('acts with the rights of whoever asked: a former member is not answered', async () => {
  const gone = await world.addPerson(world.businessId);
  const { run, deliveries } = await world.ask({ actor: gone, agentId, content: 'hello' });
  await world.sql('delete from memberships where user_id = $1', [gone.userId]);
  await world.parts.jobs.enqueueMany('agent-run', deliveries);
  expect(await world.ended(run.id)).toMatchObject({ status: 'failed', reasonCode: 'not_allowed' });
  expect(await world.sandbox.requests()).toHaveLength(0);
});
