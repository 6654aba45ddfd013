import { askConfirmation } from '../../../domain/runs/ask';
import { confirmRun } from '../../../domain/runs/confirm';
import { endRun } from '../../../domain/runs/end';
import { requestStop } from '../../../domain/runs/stop';
import { UNDONE_AT_END } from '../../../domain/runs/tool-results';
import { finishToolCall } from '../../../domain/runs/turns';
import { newId } from '../../../lib/ids';
import { addSettledCall } from '../../factories/agents';
import { createRunWorld, type RunWorld } from './fixture';

let world: RunWorld;
beforeAll(async () => {
  world = await createRunWorld();
});
afterAll(() => world.drop());

const completed = (content = 'Well.') => ({ status: 'completed', content }) as const;

async function agentTotals(): Promise<Record<'runs' | 'input' | 'output' | 'cost', bigint>> {
  const [row] = await world.sql(
    `select runs, input_tokens as input, output_tokens as output, cost_nano as cost from agent_totals
      where agent_id = $1`,
    [world.agentId],
  );
  const figure = (name: string) => BigInt(row?.[name] as string);
  return { runs: figure('runs'), input: figure('input'), output: figure('output'), cost: figure('cost') };
}

describe('an end', () => {
  it('books the ledger’s sums to the run, its conversation and its agent, once', async () => {
    await endRun(world.db, await world.begin(), completed());
    const run = await world.begin();
    const call = { input: 10, cacheRead: 20, cacheWrite: 5, output: 7, reasoning: 3 };
    await addSettledCall(world.sql, run, { ...call, costNano: 9_007_199_254_740_993n });
    await addSettledCall(world.sql, run, { input: 1, output: 2, costNano: 7n, estimated: true });
    const before = await agentTotals();
    const ends = await Promise.all([1, 2, 3].map(() => endRun(world.db, run, completed())));
    const [ended, ...more] = ends.filter((end) => end !== undefined);
    expect(more).toEqual([]);
    expect(ended?.run).toMatchObject({
      status: 'completed',
      inputTokens: 11,
      cachedInputTokens: 20,
      cacheWriteTokens: 5,
      outputTokens: 9,
      reasoningTokens: 3,
      // Beyond what a double holds.
      costNano: '9007199254741000',
      estimated: true,
      model: 'sandbox/small',
      reasonCode: null,
    });
    expect(ended?.run.finishedAt).toBeInstanceOf(Date);
    expect(ended?.message).toMatchObject({ status: 'completed', content: 'Well.' });
    expect(ended?.conversation).toMatchObject({ messageCount: 2, inputTokens: 36, outputTokens: 12 });
    expect(ended?.conversation.costNano).toBe(ended?.run.costNano);
    expect(ended).toMatchObject({ isDeleted: false, next: undefined, settled: [] });
    expect(await agentTotals()).toEqual({
      runs: before.runs + 1n,
      input: before.input + 36n,
      output: before.output + 12n,
      cost: before.cost + 9_007_199_254_741_000n,
    });
    expect(await endRun(world.db, run, completed())).toBeUndefined();
  });

  it('books what its calls still hold in full', async () => {
    const run = await world.begin();
    await world.sql(
      `insert into ledger (id, business_id, run_id, epoch, turn, attempt, provider, model_requested, request_id,
                           output_cap, hold_nano) values ($1, $2, $3, 1, 1, 1, 'sandbox', 'small', 'r', 1, 500)`,
      [newId(), world.businessId, run.id],
    );
    const ended = await endRun(world.db, run, { status: 'failed', reasonCode: 'x', reason: 'Why.' });
    expect(ended?.settled).toHaveLength(1);
    expect(ended?.run).toMatchObject({ status: 'failed', reasonCode: 'x', reason: 'Why.', estimated: true });
    const [held] = await world.sql('select status, outcome from ledger where run_id = $1', [run.id]);
    expect(held).toEqual({ status: 'settled', outcome: 'unknown' });
  });

  it('keeps what was written where it brings no text', async () => {
    const run = await world.begin();
    await world.callOnce(run);
    const held = await world.takeOver(run);
    const ended = await endRun(world.db, held, {
      status: 'stopped',
      reasonCode: 'stopped',
      reason: 'Stopped.',
    });
    expect(ended?.message).toMatchObject({ status: 'stopped', content: 'Let me see.' });
  });

  it('leaves no call without a result, however it ends: a provider would refuse the conversation', async () => {
    const results = async (runId: string) =>
      world.sql('select status, result from tool_calls where run_id = $1 order by turn, place', [runId]);
    const undone = { status: 'declined', result: UNDONE_AT_END };
    for (const status of ['stopped', 'failed'] as const) {
      const held = await world.begin();
      const { id } = await world.callOnce(held);
      await finishToolCall(world.db, held, id, { status: 'done', result: 'Here.' });
      await world.callOnce(held, 2);
      await endRun(world.db, held, { status });
      expect(await results(held.id)).toEqual([{ status: 'done', result: 'Here.' }, undone]);
    }
    const approved = await world.begin();
    const { id } = await world.callOnce(approved);
    await askConfirmation(world.db, approved, [{ id, summary: 'Refresh' }]);
    await confirmRun(world.db, world.ann, approved.id, { toolCallId: id, approve: true });
    await requestStop(world.db, world.ann, approved.id);
    expect(await results(approved.id)).toEqual([undone]);
  });

  it('and a new message never make a conversation look older than it was', async () => {
    const run = await world.begin();
    const { conversationId } = run;
    const lastMessage = async () =>
      (
        await world.sql('select last_message_at as at from conversations where id = $1', [conversationId])
      )[0]?.['at'];
    // As a transaction leaves it that began later and was faster.
    await world.sql(`update conversations set last_message_at = now() + interval '1 min' where id = $1`, [
      conversationId,
    ]);
    const latest = await lastMessage();
    await world.ask({ conversationId });
    expect(await lastMessage()).toEqual(latest);
    const ended = await endRun(world.db, run, completed());
    expect(ended?.conversation.lastMessageAt).toEqual(latest);
  });

  it('of a run whose agent is gone counts for nobody', async () => {
    const run = await world.begin();
    const [row] = await world.sql(
      `insert into agents (id, business_id, name, type, model, max_tokens)
       values ($1, $2, 'Gone', 'custom', 'm', 1) returning id`,
      [newId(), world.businessId],
    );
    await world.sql('update runs set agent_id = $1 where id = $2', [row?.['id'], run.id]);
    await world.sql('delete from agents where id = $1', [row?.['id']]);
    const ended = await endRun(world.db, run, completed());
    // Who answered stays known, and no row of the run's changed with the deletion.
    expect(ended?.run).toMatchObject({ status: 'completed', agentId: row?.['id'] });
  });

  it('names the conversation after its first exchange that completed, unless a person did', async () => {
    const run = await world.begin();
    const failed = await endRun(world.db, run, { status: 'failed', content: '', title: 'No' });
    expect(failed?.conversation.title).toBe('How are sales?');
    const second = await world.begin(run.conversationId);
    const ended = await endRun(world.db, second, { ...completed(), title: 'Sales' });
    expect(ended?.conversation.title).toBe('Sales');
    const third = await world.begin(run.conversationId);
    expect((await endRun(world.db, third, { ...completed(), title: 'More' }))?.conversation.title).toBe(
      'Sales',
    );
    const other = await world.begin();
    await world.sql(`update conversations set title = 'Mine', titled_by = 'person' where id = $1`, [
      other.conversationId,
    ]);
    expect((await endRun(world.db, other, { ...completed(), title: 'Sales' }))?.conversation.title).toBe(
      'Mine',
    );
  });

  it('sees a message that is being written at the same moment, or that message finds it over', async () => {
    for (let round = 0; round < 10; round += 1) {
      const run = await world.begin();
      const [ended, asked] = await Promise.all([
        endRun(world.db, run, completed()),
        world.ask({ conversationId: run.conversationId }),
      ]);
      // Handed over by exactly one of the two.
      const handed = [...(ended?.next ? [ended.next] : []), ...asked.deliveries];
      expect(handed.map(({ runId }) => runId)).toEqual([asked.run.id]);
    }
  });

  it('of many conversations with one agent, beside the agent’s deletion, meets no deadlock', async () => {
    const runs = await Promise.all(Array.from({ length: 8 }, () => world.begin()));
    const spare = await world.sql(
      `insert into agents (id, business_id, name, type, model, max_tokens)
       values ($1, $2, 'Spare', 'custom', 'm', 1) returning id`,
      [newId(), world.businessId],
    );
    const spareId = spare[0]?.['id'];
    await world.sql('update runs set agent_id = $1 where id = any($2)', [spareId, runs.map(({ id }) => id)]);
    const [ends] = await Promise.all([
      Promise.all(runs.map((run) => endRun(world.db, run, completed()))),
      world.sql('delete from agents where id = $1', [spareId]),
    ]);
    expect(ends.every((end) => end?.run.status === 'completed')).toBe(true);
  });
});

describe('a stop', () => {
  const stop = (runId: string) => requestStop(world.db, world.ann, runId);

  it('ends a queued run at once, and hands over the next', async () => {
    const { run, conversation } = await world.ask();
    const behind = await world.ask({ conversationId: conversation.id });
    const { run: stopped, ended } = await stop(run.id);
    expect(stopped).toMatchObject({ status: 'stopped', reasonCode: 'stopped' });
    expect(ended?.message).toMatchObject({ status: 'stopped', content: '' });
    expect(ended?.next).toMatchObject({ runId: behind.run.id });
    expect(await world.claim(run.id)).toBeUndefined();
  });

  it('ends a waiting run at once, and declines its calls', async () => {
    const held = await world.begin();
    const { id } = await world.callOnce(held);
    await askConfirmation(world.db, held, [{ id, summary: 'Refresh' }]);
    const { run, ended } = await stop(held.id);
    expect(run).toMatchObject({ status: 'stopped', confirmations: [] });
    expect(ended?.message.status).toBe('stopped');
    expect(await world.state(held.id)).toMatchObject({ calls: ['declined'] });
  });

  it('of a running one is a flag for its worker', async () => {
    const held = await world.begin();
    const { run, ended } = await stop(held.id);
    expect(run.status).toBe('running');
    expect(ended).toBeUndefined();
    expect(await world.state(held.id)).toMatchObject({ stopRequested: true });
    expect((await world.takeOver(held)).stopRequested).toBe(true);
  });

  it('changes nothing of a final one', async () => {
    const held = await world.begin();
    const end = await endRun(world.db, held, completed());
    expect(await stop(held.id)).toEqual({ run: end?.run });
  });

  it('at the moment of a claim ends the run, or asks its worker', async () => {
    for (let round = 0; round < 15; round += 1) {
      const { run } = await world.ask();
      const [stopped, held] = await Promise.all([stop(run.id), world.claim(run.id)]);
      const state = await world.state(run.id);
      expect([state.status, state.stopRequested]).toEqual(held ? ['running', true] : ['stopped', false]);
      expect(stopped.run.status).toBe(state.status);
    }
  });

  it('finds no run of another person or business', async () => {
    const { run } = await world.ask();
    const bob = await world.addPerson(world.businessId, 'admin');
    const eve = await world.addPerson(await world.addBusiness(), 'admin');
    for (const actor of [bob, eve])
      await expect(requestStop(world.db, actor, run.id)).rejects.toMatchObject({ status: 404 });
    expect((await world.state(run.id)).status).toBe('queued');
  });

  it('leaves what its model still wanted undone', async () => {
    const held = await world.begin();
    const { id } = await world.callOnce(held);
    await stop(held.id);
    await endRun(world.db, held, { status: 'stopped' });
    expect(await finishToolCall(world.db, held, id, { status: 'done', result: '' })).toBeUndefined();
  });
});
