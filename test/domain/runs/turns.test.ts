import type { Knex } from 'knex';
import { Client } from 'pg';
import { askConfirmation } from '../../../domain/runs/ask';
import { finishToolCall, loadTurns, saveTurn } from '../../../domain/runs/turns';
import { newId } from '../../../lib/ids';
import { eventually } from '../../support/eventually';
import { createRunWorld, type RunWorld } from './fixture';

let world: RunWorld;
beforeAll(async () => {
  world = await createRunWorld();
});
afterAll(() => world.drop());

/** A write that a tool does for the person. */
const addReport = (runId: string) => async (trx: Knex.Transaction) => {
  await trx('reports').insert({
    id: newId(),
    business_id: world.businessId,
    run_id: runId,
    user_id: world.ann.userId,
    title: 'A report',
    csv: 'a',
  });
  return 'The report is there.';
};
const reportsOf = (runId: string) => world.sql('select from reports where run_id = $1', [runId]);

/** A statement with this text in it waits for a lock. */
const waitsFor = (text: string) =>
  eventually(`a statement waits for a lock: ${text}`, async () => {
    const rows = await world.sql(
      `select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()
          and strpos(query, $1) > 0`,
      [text],
    );
    return rows.length > 0;
  });

describe('a turn', () => {
  it('is kept with its calls, in their order', async () => {
    const run = await world.begin();
    const names = ['search', 'analysis', 'automation'];
    const calls = names.map((name) => ({ providerCallId: `p-${name}`, name, arguments: '{"a":1}' }));
    const saved = await saveTurn(world.db, run, { turn: 1, content: 'Let me see.', calls });
    expect(saved?.toolCalls.map(({ name, place, status }) => [name, place, status])).toEqual(
      names.map((name, place) => [name, place, 'pending']),
    );
    expect(await loadTurns(world.db, run)).toEqual([saved]);
    const [call] = saved?.toolCalls ?? [];
    const done = await finishToolCall(world.db, run, call?.id ?? '', { status: 'done', result: 'Found.' });
    expect(done).toMatchObject({ status: 'done', result: 'Found.', providerCallId: 'p-search' });
    expect(
      await finishToolCall(world.db, run, call?.id ?? '', { status: 'failed', result: 'No.' }),
    ).toBeUndefined();
    expect(await world.state(run.id)).toMatchObject({ calls: ['done', 'pending', 'pending'] });
  });
});

describe('a tool’s effect', () => {
  it('is done once, whoever asks again while it is done', async () => {
    const run = await world.begin();
    const { id } = await world.callOnce(run);
    const end = { status: 'done', result: '' } as const;
    let again: ReturnType<typeof finishToolCall> | undefined;
    const first = await finishToolCall(world.db, run, id, end, async (trx) => {
      again = finishToolCall(world.db, run, id, end, addReport(run.id));
      await Promise.race([again, waitsFor('from tool_calls where id')]);
      return addReport(run.id)(trx);
    });
    expect(first).toMatchObject({ status: 'done', result: 'The report is there.' });
    expect(await again).toBeUndefined();
    expect(await reportsOf(run.id)).toHaveLength(1);
  });

  it('that fails leaves nothing, and the call as it was', async () => {
    const run = await world.begin();
    const { id } = await world.callOnce(run);
    const failing = finishToolCall(world.db, run, id, { status: 'done', result: '' }, async (trx) => {
      await addReport(run.id)(trx);
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await reportsOf(run.id)).toHaveLength(0);
    expect(await world.state(run.id)).toMatchObject({ calls: ['pending'] });
  });

  it('whose worker dies between the writing and the commit is done once, by the next epoch', async () => {
    const dead = await world.begin();
    const { id } = await world.callOnce(dead);
    const end = { status: 'done', result: '' } as const;
    const killed = finishToolCall(world.db, dead, id, end, async (trx) => {
      const result = await addReport(dead.id)(trx);
      const { rows } = await trx.raw<{ rows: { pid: number }[] }>('select pg_backend_pid() as pid');
      await world.sql('select pg_terminate_backend($1)', [rows[0]?.pid]);
      return result;
    });
    // The driver words a lost connection in several ways.
    expect(
      await killed.then(
        () => 'committed',
        () => 'lost',
      ),
    ).toBe('lost');
    expect(await reportsOf(dead.id)).toHaveLength(0);
    const held = await world.takeOver(dead);
    const [turn] = await loadTurns(world.db, held);
    expect(turn?.toolCalls[0]?.status).toBe('pending');
    expect(await finishToolCall(world.db, held, id, end, addReport(held.id))).toBeDefined();
    expect(await reportsOf(dead.id)).toHaveLength(1);
  });

  it('under way when the lease runs out is committed before another epoch begins', async () => {
    const slow = await world.begin();
    const { id } = await world.callOnce(slow);
    const end = { status: 'done', result: '' } as const;
    await world.expire(slow.id);
    let claiming: ReturnType<RunWorld['claim']> | undefined;
    const done = await finishToolCall(world.db, slow, id, end, async (trx) => {
      claiming = world.claim(slow.id);
      await waitsFor('with claimed as');
      return addReport(slow.id)(trx);
    });
    expect(done).toMatchObject({ status: 'done' });
    const held = await claiming;
    expect(held).toMatchObject({ epoch: 2 });
    const [turn] = await loadTurns(world.db, held as never);
    expect(turn?.toolCalls[0]).toMatchObject({ status: 'done', result: 'The report is there.' });
    expect(await finishToolCall(world.db, held as never, id, end, addReport(slow.id))).toBeUndefined();
    expect(await reportsOf(slow.id)).toHaveLength(1);
  });
});

describe('asking for a confirmation', () => {
  it('frees the run, and nobody claims it', async () => {
    const run = await world.begin();
    const { id } = await world.callOnce(run);
    const waiting = await askConfirmation(world.db, run, [{ id, summary: 'Refresh Sales' }]);
    expect(waiting).toMatchObject({
      status: 'waiting',
      confirmations: [{ toolCallId: id, tool: 'automation', summary: 'Refresh Sales' }],
    });
    expect(await world.state(run.id)).toMatchObject({ leased: false, calls: ['waiting'] });
    expect(await world.claim(run.id)).toBeUndefined();
  });

  it('is not done by someone who was asked to stop', async () => {
    const run = await world.begin();
    const { id } = await world.callOnce(run);
    await world.sql('update runs set stop_requested_at = now() where id = $1', [run.id]);
    const row = await askConfirmation(world.db, run, [{ id, summary: 'Refresh Sales' }]);
    expect(row).toMatchObject({ status: 'running', confirmations: [] });
    expect(await world.state(run.id)).toMatchObject({ leased: true, calls: ['pending'] });
  });

  it('of a person who wrote on meanwhile is answered with no', async () => {
    const run = await world.begin();
    const { id } = await world.callOnce(run);
    await world.ask({ conversationId: run.conversationId });
    const row = await askConfirmation(world.db, run, [{ id, summary: 'Refresh Sales' }]);
    expect(row).toMatchObject({ status: 'running', confirmations: [] });
    const [turn] = await loadTurns(world.db, run);
    expect(turn?.toolCalls[0]).toMatchObject({
      status: 'declined',
      result: 'The person went on without confirming.',
    });
  });

  it('and a message that is being written at the same moment come one after the other', async () => {
    const run = await world.begin();
    const { id } = await world.callOnce(run);
    const writing = new Client({ connectionString: world.url });
    await writing.connect();
    try {
      await writing.query('begin');
      await writing.query('select from conversations where id = $1 for no key update', [run.conversationId]);
      const asking = askConfirmation(world.db, run, [{ id, summary: 'Refresh Sales' }]);
      await waitsFor('');
      await writing.query(
        `with question as (
           insert into messages (id, business_id, conversation_id, role, status, position)
           select $1, business_id, id, 'user', 'completed', next_position from conversations where id = $3
         ), reply as (
           insert into messages (id, business_id, conversation_id, role, status, position)
           select $2, business_id, id, 'assistant', 'pending', next_position + 1 from conversations where id = $3
         )
         insert into runs (id, business_id, conversation_id, user_id, message_id, reply_id, position, request_id)
         select $4, business_id, id, user_id, $1, $2, next_position + 1, 'test' from conversations where id = $3`,
        [newId(), newId(), run.conversationId, newId()],
      );
      await writing.query('commit');
      expect(await asking).toMatchObject({ status: 'running' });
    } finally {
      await writing.end();
    }
  });
});
