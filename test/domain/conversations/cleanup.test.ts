import { Client } from 'pg';
import { deleteConversation } from '../../../domain/conversations/delete';
import { DELETE_UNTOUCHED, PURGE } from '../../../domain/conversations/cleanup';
import { runMaintenance } from '../../../domain/maintenance';
import { endRun } from '../../../domain/runs/end';
import { addSettledCall } from '../../factories/agents';
import { createRunWorld, type RunWorld } from '../runs/fixture';

let world: RunWorld;
beforeEach(async () => {
  world = await createRunWorld();
});
afterEach(() => world.drop());

/** Conversations with nothing in them, untouched and deleted so many days ago. */
const addOld = async (count: number, days: number, deletedDays: number | null = null): Promise<string[]> => {
  const rows = await world.sql(
    `insert into conversations (id, business_id, user_id, last_message_at, deleted_at)
     select gen_random_uuid(), $1, $2, now() - $3 * interval '1 day', now() - $4 * interval '1 day'
       from generate_series(1, $5) returning id`,
    [world.businessId, world.ann.userId, days, deletedDays, count],
  );
  return rows.map(({ id }) => id as string);
};
const left = async (): Promise<{ kept: string[]; deleted: string[] }> => {
  const rows = await world.sql('select id, deleted_at as "deletedAt" from conversations');
  const ids = (isDeleted: boolean) =>
    rows.filter(({ deletedAt }) => (deletedAt !== null) === isDeleted).map(({ id }) => id as string);
  return { kept: ids(false), deleted: ids(true) };
};

/** Another connection that holds a conversation's row until it is told to let go. */
async function hold(id: string | undefined): Promise<() => Promise<void>> {
  const client = new Client({ connectionString: world.url });
  await client.connect();
  await client.query('begin');
  await client.query('select from conversations where id = $1 for update', [id]);
  return () => client.end();
}

describe('untouched conversations', () => {
  it('are soft-deleted after the business’s own time, in batches, beside a row that someone holds', async () => {
    await world.sql('update businesses set conversation_retention_days = 10 where id = $1', [
      world.businessId,
    ]);
    const old = await addOld(DELETE_UNTOUCHED.batch + 20, 11);
    const [young] = await addOld(1, 9);
    const letGo = await hold(old[0]);
    expect(await runMaintenance(world.db, 'delete-untouched-conversations')).toBe(old.length - 1);
    expect((await left()).kept.toSorted()).toEqual([old[0], young].toSorted());
    await letGo();
    expect(await runMaintenance(world.db, 'delete-untouched-conversations')).toBe(1);
    const tombstones = await world.sql(`select row_id from tombstones where kind = 'conversation'`);
    expect(tombstones).toHaveLength(old.length);
  });

  it('are kept while a run in them is open', async () => {
    const { run, conversation } = await world.ask();
    await world.sql(`update conversations set last_message_at = now() - interval '91 days'`);
    expect(await runMaintenance(world.db, 'delete-untouched-conversations')).toBe(0);
    await world.sql(`update runs set status = 'completed', finished_at = now() where id = $1`, [run.id]);
    expect(await runMaintenance(world.db, 'delete-untouched-conversations')).toBe(1);
    expect((await left()).deleted).toEqual([conversation.id]);
  });
});

describe('deleted conversations', () => {
  it('are purged after the business’s own time, in batches, beside a row that someone holds', async () => {
    await world.sql('update businesses set conversation_purge_days = 3 where id = $1', [world.businessId]);
    const old = await addOld(PURGE.batch + 20, 50, 4);
    const [young] = await addOld(1, 50, 2);
    const [kept] = await addOld(1, 50);
    const letGo = await hold(old[0]);
    expect(await runMaintenance(world.db, 'purge-conversations')).toBe(old.length - 1);
    expect(await left()).toEqual({ kept: [kept], deleted: expect.arrayContaining([old[0], young]) });
    expect((await left()).deleted).toHaveLength(2);
    await letGo();
    expect(await runMaintenance(world.db, 'purge-conversations')).toBe(1);
  });

  it('take what is in them along, and leave the ledger with its sums', async () => {
    const run = await world.begin();
    await world.callOnce(run);
    await addSettledCall(world.sql, run, { input: 10, output: 5, costNano: 123n });
    await endRun(world.db, run, { status: 'completed', content: 'Well.' });
    const sums = () =>
      world.sql(
        `select count(*), sum(cost_nano) as cost, sum(input) as input, min(conversation_id::text) as conversation,
                min(run_id::text) as run from ledger`,
      );
    const before = await sums();
    expect(before[0]).toMatchObject({ cost: '123', conversation: run.conversationId });
    await deleteConversation(world.db, world.ann, run.conversationId);
    await world.sql(`update conversations set deleted_at = now() - interval '31 days'`);
    expect(await runMaintenance(world.db, 'purge-conversations')).toBe(1);
    for (const table of ['conversations', 'messages', 'runs', 'run_turns', 'tool_calls'])
      expect(await world.sql(`select from ${table}`)).toHaveLength(0);
    expect(await sums()).toEqual(before);
  });

  it('wait for a run that is still being stopped', async () => {
    await world.sql('update businesses set conversation_purge_days = 0 where id = $1', [world.businessId]);
    const run = await world.begin();
    await deleteConversation(world.db, world.ann, run.conversationId);
    expect(await runMaintenance(world.db, 'purge-conversations')).toBe(0);
    const ended = await endRun(world.db, run, { status: 'stopped' });
    expect(ended).toMatchObject({ isDeleted: true, message: { status: 'stopped' } });
    expect(await runMaintenance(world.db, 'purge-conversations')).toBe(1);
  });
});

describe('a person who deletes a conversation', () => {
  it('stops what is under way in it, and hands nothing over', async () => {
    const held = await world.begin();
    const { conversationId } = held;
    const behind = await world.ask({ conversationId });
    const deleted = await deleteConversation(world.db, world.ann, conversationId);
    expect(deleted?.conversation.id).toBe(conversationId);
    expect(deleted?.stoppingIds).toEqual([held.id]);
    expect(deleted?.ended.map(({ run, next, isDeleted }) => [run.id, run.status, next, isDeleted])).toEqual([
      [behind.run.id, 'stopped', undefined, true],
    ]);
    expect(await world.state(held.id)).toMatchObject({ status: 'running', stopRequested: true });
    expect((await endRun(world.db, held, { status: 'stopped' }))?.next).toBeUndefined();
    expect(await deleteConversation(world.db, world.ann, conversationId)).toBeUndefined();
  });

  it('deletes only their own', async () => {
    const { conversation } = await world.ask();
    const bob = await world.addPerson(world.businessId, 'admin');
    const eve = await world.addPerson(await world.addBusiness(), 'admin');
    for (const actor of [bob, eve])
      expect(await deleteConversation(world.db, actor, conversation.id)).toBeUndefined();
    expect((await left()).kept).toEqual([conversation.id]);
  });
});
