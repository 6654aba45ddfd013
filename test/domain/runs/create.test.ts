import { MAX_OPEN_RUNS } from '../../../domain/runs/limits';
import { endRun } from '../../../domain/runs/end';
import { askConfirmation } from '../../../domain/runs/ask';
import { firstTitle } from '../../../domain/runs/title';
import { addAgent } from '../../factories/agents';
import { createRunWorld, type RunWorld } from './fixture';

let world: RunWorld;
beforeAll(async () => {
  world = await createRunWorld();
});
afterAll(() => world.drop());

describe('a message', () => {
  it('makes a conversation, a question, a pending reply and a queued run, to be enqueued', async () => {
    const { conversation, message, reply, run, deliveries, declined } = await world.ask({
      content: '  How are\n sales?  ',
    });
    expect(conversation).toMatchObject({
      title: 'How are sales?',
      messageCount: 1,
      userId: world.ann.userId,
    });
    expect(conversation.createdAt).toBeInstanceOf(Date);
    expect(message).toMatchObject({ role: 'user', status: 'completed', position: 1, runId: run.id });
    expect(message.content).toBe('  How are\n sales?  ');
    expect(reply).toMatchObject({ role: 'assistant', status: 'pending', position: 2, content: '' });
    expect(run).toMatchObject({ status: 'queued', messageId: message.id, replyId: reply.id, costNano: '0' });
    expect(run.startedAt).toBeNull();
    expect(declined).toBeUndefined();
    expect(deliveries).toEqual([
      { businessId: world.businessId, runId: run.id, delivery: 0, requestId: 'test' },
    ]);
  });

  it('stands without a gap behind the others, however many come at once', async () => {
    const { conversation, run } = await world.ask();
    const conversationId = conversation.id;
    const asked = await Promise.allSettled(
      Array.from({ length: 50 }, (_, index) => world.ask({ conversationId, content: `Message ${index}` })),
    );
    const taken = asked.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    const refused = asked.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
    expect(taken).toHaveLength(MAX_OPEN_RUNS - 1);
    for (const reason of refused) expect(reason).toMatchObject({ status: 409, code: 'too_many_open_runs' });
    const rows = await world.sql('select position from messages where conversation_id = $1 order by 1', [
      conversationId,
    ]);
    expect(rows.map(({ position }) => position)).toEqual(
      Array.from({ length: 2 * MAX_OPEN_RUNS }, (_, index) => index + 1),
    );
    for (const one of taken) expect(one.reply.position).toBe(one.message.position + 1);
    // Behind an open run nobody is asked in vain.
    expect(taken.flatMap(({ deliveries }) => deliveries)).toEqual([]);
    expect((await world.state(run.id)).status).toBe('queued');
  });

  it('of fifty in a conversation whose runs are over, each gets its place', async () => {
    const { conversation, run } = await world.ask();
    await world.sql(`update runs set status = 'completed', finished_at = now() where id = $1`, [run.id]);
    await world.sql(
      `create function end_at_once() returns trigger language plpgsql as
         $$ begin new.status := 'completed'; new.finished_at := now(); return new; end $$`,
    );
    await world.sql(
      'create trigger end_at_once before insert on runs for each row execute function end_at_once()',
    );
    await Promise.all(Array.from({ length: 50 }, () => world.ask({ conversationId: conversation.id })));
    await world.sql('drop trigger end_at_once on runs');
    const rows = await world.sql('select position from messages where conversation_id = $1 order by 1', [
      conversation.id,
    ]);
    expect(rows.map(({ position }) => position)).toEqual(
      Array.from({ length: 102 }, (_, index) => index + 1),
    );
  });

  it('declines what an earlier run waits for, and lets it go on first', async () => {
    const held = await world.begin();
    const call = await world.callOnce(held);
    await askConfirmation(world.db, held, [{ id: call.id, summary: 'Refresh Sales' }]);
    const { declined, run, deliveries } = await world.ask({ conversationId: held.conversationId });
    expect(declined).toMatchObject({ id: held.id, status: 'queued', confirmations: [] });
    expect(deliveries).toEqual([
      { businessId: world.businessId, runId: held.id, delivery: 1, requestId: 'test' },
    ]);
    expect(await world.state(held.id)).toMatchObject({ calls: ['declined'] });
    expect(await world.claim(run.id)).toBeUndefined();
    const again = await world.claim(held.id);
    expect(again).toMatchObject({ epoch: 2, crashes: 0 });
    const ended = await endRun(world.db, again as never, { status: 'completed', content: 'Then not.' });
    expect(ended?.next).toMatchObject({ runId: run.id });
  });

  it('is refused where the agent is inactive or gone', async () => {
    const idle = await addAgent(world.sql, world.ann, { status: 'inactive' });
    await expect(world.ask({ agentId: idle })).rejects.toMatchObject({ status: 409, code: 'agent_inactive' });
    await expect(world.ask({ agentId: world.businessId })).rejects.toMatchObject({ status: 404 });
  });

  it('is not written into what is another person’s, another business’s, or deleted', async () => {
    const { conversation } = await world.ask();
    const conversationId = conversation.id;
    const bob = await world.addPerson(world.businessId, 'admin');
    await expect(world.ask({ conversationId, actor: bob })).rejects.toMatchObject({ status: 404 });
    const eve = await world.addPerson(await world.addBusiness(), 'admin');
    const agentId = await addAgent(world.sql, eve);
    await expect(world.ask({ conversationId, actor: eve, agentId })).rejects.toMatchObject({ status: 404 });
    await expect(world.ask({ actor: eve })).rejects.toMatchObject({ status: 404 });
    await world.sql('update conversations set deleted_at = now() where id = $1', [conversationId]);
    await expect(world.ask({ conversationId })).rejects.toMatchObject({ status: 404 });
    const rows = await world.sql('select from messages where conversation_id = $1', [conversationId]);
    expect(rows).toHaveLength(2);
  });
});

describe('the first title', () => {
  it('is one line, cut between words, and never through a character', () => {
    expect(firstTitle('  a \n b ', 60)).toBe('a b');
    expect(firstTitle('one two three four', 12)).toBe('one two…');
    expect(firstTitle('😀'.repeat(61), 60)).toBe(`${'😀'.repeat(60)}…`);
  });
});
