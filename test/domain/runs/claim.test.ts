import { Client } from 'pg';
import { endRun } from '../../../domain/runs/end';
import { createRenewRun, handBackRun } from '../../../domain/runs/renew';
import { createSaveReply, joinTurns } from '../../../domain/runs/reply';
import { askConfirmation } from '../../../domain/runs/ask';
import { finishToolCall, loadTurns, saveTurn } from '../../../domain/runs/turns';
import { claimRun } from '../../../domain/runs/claim';
import { lostRuns } from '../../../domain/runs/recover';
import { eventually } from '../../support/eventually';
import { createRunWorld, type RunWorld } from './fixture';

let world: RunWorld;
beforeAll(async () => {
  world = await createRunWorld();
});
afterAll(() => world.drop());

describe('a claim', () => {
  it('is one worker’s of twenty, with all that it needs', async () => {
    const { run, message, reply, conversation } = await world.ask();
    const claims = await Promise.all(Array.from({ length: 20 }, () => world.claim(run.id)));
    const [held, ...more] = claims.filter((claim) => claim !== undefined);
    expect(more).toEqual([]);
    expect(held).toMatchObject({
      id: run.id,
      businessId: world.businessId,
      conversationId: conversation.id,
      messageId: message.id,
      replyId: reply.id,
      position: 2,
      epoch: 1,
      crashes: 0,
      stopRequested: false,
      requestId: 'test',
      actor: { userId: world.ann.userId, businessId: world.businessId, role: 'member', operator: false },
      agent: {
        id: world.agentId,
        name: 'Ada',
        systemPrompt: 'Be brief.',
        model: 'sandbox/small',
        fallbackModels: ['sandbox/large'],
        temperature: 0.5,
        maxTokens: 500,
        tools: ['search', 'automation'],
      },
      settled: [],
    });
    expect(held?.timezone).toEqual(expect.any(String));
    expect(held?.locale).toEqual(expect.any(String));
    expect(await world.state(run.id)).toMatchObject({
      status: 'running',
      replyStatus: 'streaming',
      leased: true,
    });
  });

  it('comes in the order of a conversation’s questions', async () => {
    const first = await world.ask();
    const conversationId = first.conversation.id;
    const second = await world.ask({ conversationId });
    const third = await world.ask({ conversationId });
    expect(await world.claim(second.run.id)).toBeUndefined();
    const held = await world.claim(first.run.id);
    expect(await world.claim(second.run.id)).toBeUndefined();
    const ended = await endRun(world.db, held as never, { status: 'completed', content: 'Well.' });
    expect(ended?.next).toMatchObject({ runId: second.run.id, delivery: 1 });
    expect(await world.claim(third.run.id)).toBeUndefined();
    expect(await world.claim(second.run.id)).toBeDefined();
  });

  it('brings the role that the person has now, and none where they or the agent are gone', async () => {
    const bob = await world.addPerson(world.businessId, 'member');
    const { run } = await world.ask({ actor: bob });
    await world.sql(`update memberships set role = 'viewer' where user_id = $1`, [bob.userId]);
    const held = await world.claim(run.id);
    expect(held?.actor).toMatchObject({ role: 'viewer' });
    await world.sql('delete from memberships where user_id = $1', [bob.userId]);
    await world.sql(`update agents set status = 'inactive' where id = $1`, [world.agentId]);
    const later = await world.takeOver(held as never);
    await world.sql(`update agents set status = 'active' where id = $1`, [world.agentId]);
    expect(later).toMatchObject({ actor: undefined, agent: undefined });
  });

  it('is not another business’s', async () => {
    const { run } = await world.ask();
    expect(await claimRun(world.db, await world.addBusiness(), run.id)).toBeUndefined();
  });
});

describe('a lease', () => {
  it('keeps the run its worker’s, and says when to stop', async () => {
    const held = await world.begin();
    expect(await world.claim(held.id)).toBeUndefined();
    await world.expire(held.id);
    expect(await createRenewRun(world.db)(held)).toEqual({ renewed: true, stopRequested: false });
    expect(await world.claim(held.id)).toBeUndefined();
    await world.sql('update runs set stop_requested_at = now() where id = $1', [held.id]);
    expect(await createRenewRun(world.db)(held)).toEqual({ renewed: false, stopRequested: true });
  });

  it('that is renewed, or handed over again, is no change that a client is told of', async () => {
    const held = await world.begin();
    const seen = async () => (await world.sql('select version, xid from runs where id = $1', [held.id]))[0];
    const leasedUntil = async () =>
      Number(
        (
          await world.sql('select extract(epoch from lease_until) as until from runs where id = $1', [
            held.id,
          ])
        )[0]?.until,
      );
    const [before, until] = [await seen(), await leasedUntil()];
    expect(await createRenewRun(world.db)(held)).toMatchObject({ renewed: false });
    expect(await leasedUntil()).toBe(until);
    await world.sql(`update runs set lease_until = now() + interval '6 s' where id = $1`, [held.id]);
    expect(await createRenewRun(world.db)(held)).toMatchObject({ renewed: true });
    expect(await leasedUntil()).toBeGreaterThanOrEqual(until);
    await world.expire(held.id);
    expect((await lostRuns(world.db)).map(({ runId }) => runId)).toContain(held.id);
    expect(await seen()).toEqual(before);
  });

  it('of a run whose conversation was deleted asks for its end, as its next claim does', async () => {
    const held = await world.begin();
    await world.sql('update conversations set deleted_at = now() where id = $1', [held.conversationId]);
    expect(await createRenewRun(world.db)(held)).toMatchObject({ stopRequested: true });
    expect(await world.takeOver(held)).toMatchObject({ stopRequested: true });
  });

  it('that ran out while a turn is being saved gives the next epoch that turn’s text, too', async () => {
    const dead = await world.begin();
    await world.callOnce(dead, 1, 'One.');
    await world.expire(dead.id);
    const saving = new Client({ connectionString: world.url });
    await saving.connect();
    // As saveTurn does it, up to its commit.
    await saving.query(`begin; select from runs where id = '${dead.id}' for share`);
    await saving.query(
      `insert into run_turns (run_id, turn, business_id, content) values ($1, 2, $2, 'Two.')`,
      [dead.id, world.businessId],
    );
    const claiming = world.claim(dead.id);
    await eventually('the claim waits', async () => {
      const waiting = await world.sql(
        `select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`,
      );
      return waiting.length > 0;
    });
    await saving.query('commit');
    await saving.end();
    const held = await claiming;
    expect((await loadTurns(world.db, held as never)).map(({ content }) => content)).toEqual([
      'One.',
      'Two.',
    ]);
    expect((await world.state(dead.id)).reply).toBe('One.\n\nTwo.');
  });

  it('that ran out gives the run to another epoch, behind the last finished turn', async () => {
    const dead = await world.begin();
    await world.callOnce(dead, 1, 'One.');
    await world.callOnce(dead, 2, '');
    await world.callOnce(dead, 3, 'Three.');
    await createSaveReply(world.db)(dead, 'One.\n\nThree.\n\nHalf a sen');
    await world.expire(dead.id);
    const claims = await Promise.all(Array.from({ length: 20 }, () => world.claim(dead.id)));
    const [held, ...more] = claims.filter((claim) => claim !== undefined);
    expect(more).toEqual([]);
    expect(held).toMatchObject({ epoch: 2, crashes: 1, deadlineAt: dead.deadlineAt });
    const turns = await loadTurns(world.db, held as never);
    expect(turns.map(({ turn, content }) => [turn, content])).toEqual([
      [1, 'One.'],
      [2, ''],
      [3, 'Three.'],
    ]);
    const state = await world.state(dead.id);
    expect(state.reply).toBe('One.\n\nThree.');
    expect(state.reply).toBe(joinTurns(turns.map(({ content }) => content)));
  });

  it('that ran out leaves the dead worker nothing to write', async () => {
    const dead = await world.begin();
    const call = await world.callOnce(dead);
    const held = await world.takeOver(dead);
    let effects = 0;
    const effect = async () => {
      effects += 1;
      return 'done';
    };
    expect(await createRenewRun(world.db)(dead)).toBeUndefined();
    expect(await createSaveReply(world.db)(dead, 'late')).toBe(false);
    expect(await saveTurn(world.db, dead, { turn: 2, content: 'late', calls: [] })).toBeUndefined();
    expect(await finishToolCall(world.db, dead, call.id, { status: 'done', result: 'late' })).toBeUndefined();
    expect(
      await finishToolCall(world.db, dead, call.id, { status: 'done', result: '' }, effect),
    ).toBeUndefined();
    expect(await askConfirmation(world.db, dead, [{ id: call.id, summary: 'late' }])).toBeUndefined();
    expect(await handBackRun(world.db, dead)).toBeUndefined();
    expect(await endRun(world.db, dead, { status: 'completed', content: 'late' })).toBeUndefined();
    expect(effects).toBe(0);
    expect(await world.state(dead.id)).toMatchObject({
      status: 'running',
      reply: 'Let me see.',
      calls: ['pending'],
    });
    expect(await loadTurns(world.db, held)).toHaveLength(1);
  });

  it('given back by a process that stops is no crash', async () => {
    const held = await world.begin();
    expect(await handBackRun(world.db, held)).toMatchObject({ runId: held.id, delivery: 1 });
    expect(await world.claim(held.id)).toMatchObject({ epoch: 2, crashes: 0 });
  });
});
