import { monitorEventLoopDelay } from 'node:perf_hooks';
import { fitContext, messageBudget } from '../../../workers/agents/context';
import { loadHistory } from '../../../workers/agents/history';
import { endRun } from '../../../domain/runs/end';
import type { ClaimedRun } from '../../../domain/runs/types';
import { createRunWorld, type RunWorld } from '../../domain/runs/fixture';

jest.setTimeout(60_000);

let world: RunWorld;
beforeAll(async () => {
  world = await createRunWorld();
});
afterAll(() => world.drop());

/** A conversation of `runs` finished runs, with `turns` turns of tool calls each. */
async function conversationOf(runs: number, turns: number, resultChars: number): Promise<ClaimedRun> {
  const first = await world.begin();
  const { conversationId } = first;
  await world.sql('delete from runs where conversation_id = $1', [conversationId]);
  await world.sql('delete from messages where conversation_id = $1', [conversationId]);
  await world.sql(
    `with made as (
       select n, gen_random_uuid() as run_id, gen_random_uuid() as question_id, gen_random_uuid() as reply_id
         from generate_series(1, $4::int) n
     ), question as (
       insert into messages (id, business_id, conversation_id, run_id, role, content, status, position)
       select question_id, $1, $2, run_id, 'user', 'Question ' || n, 'completed', n * 2 - 1 from made
     ), reply as (
       insert into messages (id, business_id, conversation_id, run_id, role, content, status, position)
       select reply_id, $1, $2, run_id, 'assistant', 'Let me see.' || E'\\n\\n' || 'Answer ' || n, 'completed', n * 2
         from made
     )
     insert into runs (id, business_id, conversation_id, user_id, message_id, reply_id, position, status,
                       request_id, finished_at)
     select run_id, $1, $2, $3, question_id, reply_id, n * 2, 'completed', 'r', now() from made`,
    [world.businessId, conversationId, world.ann.userId, runs],
  );
  await world.sql(
    `insert into run_turns (run_id, turn, business_id, content)
     select r.id, t, $2, case when t = 1 then 'Let me see.' else '' end
       from runs r, generate_series(1, $3::int) t where r.conversation_id = $1`,
    [conversationId, world.businessId, turns],
  );
  await world.sql(
    `insert into tool_calls (id, business_id, run_id, turn, place, provider_call_id, name, arguments, status, result)
     select gen_random_uuid(), $2, n.run_id, n.turn, 0, n.run_id || '-' || n.turn, 'search', '{}', 'done', repeat('r', $3)
       from run_turns n join runs r on r.id = n.run_id where r.conversation_id = $1`,
    [conversationId, world.businessId, resultChars],
  );
  await world.sql('update conversations set next_position = $2 where id = $1', [
    conversationId,
    runs * 2 + 1,
  ]);
  const { run } = await world.ask({ conversationId, content: 'And now?' });
  const claimed = await world.claim(run.id);
  if (!claimed) throw new Error('not claimed');
  return claimed;
}

it('tells exchanges with their tool turns, and no word twice', async () => {
  const run = await conversationOf(2, 2, 10);
  expect(run.question).toBe('And now?');
  const history = await loadHistory(world.db, run, 10_000);
  expect(history).toHaveLength(2);
  const [first] = history;
  expect(first?.brief).toEqual([
    { role: 'user', content: 'Question 1' },
    { role: 'assistant', content: 'Let me see.\n\nAnswer 1', toolCalls: [] },
  ]);
  expect(first?.whole.map(({ role, content }) => `${role} ${content}`)).toEqual([
    'user Question 1',
    'assistant Let me see.',
    'tool rrrrrrrrrr',
    'assistant ',
    'tool rrrrrrrrrr',
    'assistant Answer 1',
  ]);
});

it('shows no message of another conversation, nor what comes after the question', async () => {
  const run = await conversationOf(1, 1, 10);
  await world.ask({ conversationId: run.conversationId, content: 'later' });
  await world.ask({ content: 'elsewhere' });
  const history = await loadHistory(world.db, run, 10_000);
  expect(JSON.stringify(history)).not.toMatch(/later|elsewhere/);
});

describe('what the claim brings along', () => {
  /** The same by the query that long conversations need. */
  const loaded = (run: ClaimedRun) => loadHistory(world.db, { ...run, said: null }, 100_000);

  it.each([
    ['nothing was said', 0],
    ['little was', 2],
    ['as much was as comes along', 200],
  ])('is all there is, where %s', async (_what, runs) => {
    const run = await conversationOf(runs, runs > 10 ? 0 : 1, 10);
    expect(run.said).toHaveLength(runs * 2);
    const history = await loadHistory(world.db, run, 100_000);
    expect(history).toHaveLength(runs);
    expect(history).toEqual(await loaded(run));
  });

  it('is nothing where more was said, which is loaded then', async () => {
    const run = await conversationOf(201, 0, 10);
    expect(run.said).toBeNull();
    expect(await loadHistory(world.db, run, 100_000)).toHaveLength(201);
  });

  it('is nothing where it is long', async () => {
    const short = await conversationOf(1, 0, 10);
    await world.sql(
      `update messages set content = repeat('x', 40000) where conversation_id = $1 and position = 2`,
      [short.conversationId],
    );
    await endRun(world.db, short, { status: 'completed' });
    const next = await world.ask({ conversationId: short.conversationId });
    const run = await world.claim(next.run.id);
    expect(run?.said).toBeNull();
  });
});

describe('2,000 tool turns before a window of 8,000 tokens', () => {
  const budget = messageBudget(8_000, 1_000, 500);
  let run: ClaimedRun;
  beforeAll(async () => {
    run = await conversationOf(200, 10, 500);
  });

  it('load only what could fit', async () => {
    const history = await loadHistory(world.db, run, budget);
    const bytes = Buffer.byteLength(JSON.stringify(history.map(({ whole }) => whole)));
    expect(bytes).toBeLessThan(budget * 8 * 2);
    expect(history.at(-1)?.brief[0]?.content).toBe('Question 200');
    const whole = history.filter(({ whole: messages }) => messages.some(({ role }) => role === 'tool'));
    expect(whole.length).toBeGreaterThan(0);
    expect(whole.length).toBeLessThan(20);
  });

  it('cost no one else a noticeable wait', async () => {
    const delay = monitorEventLoopDelay({ resolution: 1 });
    const load = async () => {
      const history = await loadHistory(world.db, run, budget);
      return fitContext({ question: { role: 'user', content: run.question }, history, turns: [] }, budget);
    };
    await load();
    delay.enable();
    for (let round = 0; round < 20; round += 1) await load();
    delay.disable();
    expect(delay.percentile(90) / 1e6).toBeLessThan(100);
  });
});

it('an empty reply and a question without one leave nothing that a provider refuses', async () => {
  const run = await conversationOf(2, 0, 0);
  await world.sql(
    `update messages set content = '', status = 'failed' where conversation_id = $1 and position = 2`,
    [run.conversationId],
  );
  const history = await loadHistory(world.db, run, 10_000);
  const messages = history.flatMap(({ whole }) => whole);
  expect(messages.every(({ content }) => content !== '')).toBe(true);
  expect(messages[0]?.role).toBe('user');
});
