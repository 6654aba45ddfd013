import { newId } from '../../lib/ids';
import { envelope } from '../../realtime/envelope';
import { Replica } from '../../realtime/replica';
import { sync as syncNow } from '../../realtime/sync';
import type { SyncAnswer, SyncChange } from '../../realtime/sync/changes';
import { createWorld, type Person, type World } from './fixture';
import { addAgent, addTalk } from './talk';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.drop());

const sync: typeof syncNow = async (...asked) => {
  await world.othersEnded();
  return syncNow(...asked);
};
const cursorOf = async (person: Person) => (await sync(world.db, person, undefined)).cursor;
const nameOf = (change: SyncChange) =>
  'deleted' in change
    ? `-${change.kind} ${change.id}`
    : `${change.kind} ${'id' in change.row ? change.row.id : ''}`;
const summary = (answer: SyncAnswer) => answer.changes.map(nameOf).sort();

async function team() {
  const businessId = await world.addBusiness();
  const [me, colleague] = [await world.addPerson(businessId), await world.addPerson(businessId, 'admin')];
  return { businessId, me, colleague };
}

describe('a sync', () => {
  it('shows one’s own conversations with their messages and runs, and everyone’s agents', async () => {
    const { businessId, me, colleague } = await team();
    const stranger = await world.addPerson(await world.addBusiness());
    const cursor = await cursorOf(me);
    const agentId = await addAgent(world, businessId);
    await addAgent(world, stranger.businessId);
    const mine = await addTalk(world, me, agentId);
    await addTalk(world, colleague, agentId);
    await addTalk(world, { businessId: stranger.businessId, userId: me.userId });
    const answer = await sync(world.db, me, cursor);
    expect(summary(answer)).toEqual(
      [
        `agent ${agentId}`,
        `conversation ${mine.conversationId}`,
        `message ${mine.questionId}`,
        `message ${mine.replyId}`,
        `run ${mine.runId}`,
      ].sort(),
    );
    const rows = Object.fromEntries(
      answer.changes.map((change) => [nameOf(change), 'row' in change && change.row]),
    );
    expect(rows[`agent ${agentId}`]).toMatchObject({
      tools: ['search', 'a, b'],
      fallbackModels: ['own/n'],
      temperature: null,
      version: 1,
    });
    expect(rows[`conversation ${mine.conversationId}`]).toMatchObject({
      agentId,
      cost: '0',
      messageCount: 0,
    });
    expect(rows[`message ${mine.replyId}`]).toMatchObject({
      status: 'pending',
      runId: mine.runId,
      position: 2,
    });
    expect(rows[`run ${mine.runId}`]).toMatchObject({
      status: 'queued',
      confirmations: [],
      toolCalls: [],
      replyId: mine.replyId,
    });
    for (const row of Object.values(rows)) {
      expect(Object.keys(row as object)).not.toEqual(
        expect.arrayContaining([expect.stringMatching(/businessId|userId|[bB]ytes/)]),
      );
    }
  });

  it('tells the latest state of what was written since, and nothing twice', async () => {
    const { me } = await team();
    const { conversationId, replyId, runId } = await addTalk(world, me);
    let cursor = await cursorOf(me);
    await world.sql(`update messages set content = 'Half', status = 'streaming' where id = $1`, [replyId]);
    await world.sql(`update messages set content = 'Whole', status = 'completed' where id = $1`, [replyId]);
    await world.sql(
      `update runs set status = 'completed', finished_at = now(), cost_nano = 1 where id = $1`,
      [runId],
    );
    const answer = await sync(world.db, me, cursor);
    expect(summary(answer)).toEqual([`message ${replyId}`, `run ${runId}`].sort());
    expect(answer.changes).toEqual(
      expect.arrayContaining([
        { kind: 'message', row: expect.objectContaining({ content: 'Whole', version: 3 }) },
        { kind: 'run', row: expect.objectContaining({ cost: '0.000000001', version: 2 }) },
      ]),
    );
    cursor = answer.cursor;
    await world.sql(`update conversations set title = 'A title' where id = $1`, [conversationId]);
    expect(summary(await sync(world.db, me, cursor))).toEqual([`conversation ${conversationId}`]);
  });

  it('tells of a deleted conversation once, and of what happens in it afterwards nothing', async () => {
    const { me, colleague } = await team();
    const { conversationId, replyId, runId } = await addTalk(world, me);
    const [cursor, others] = [await cursorOf(me), await cursorOf(colleague)];
    await world.sql(`update messages set content = 'Before' where id = $1`, [replyId]);
    await world.sql('update conversations set deleted_at = now() where id = $1', [conversationId]);
    const answer = await sync(world.db, me, cursor);
    expect(answer.changes).toEqual([{ kind: 'conversation', id: conversationId, deleted: true, version: 2 }]);
    expect((await sync(world.db, colleague, others)).changes).toEqual([]);
    await world.sql(`update messages set content = 'After', status = 'completed' where id = $1`, [replyId]);
    await world.sql(`update runs set status = 'completed', finished_at = now() where id = $1`, [runId]);
    await world.sql('update conversations set message_count = 2 where id = $1', [conversationId]);
    expect((await sync(world.db, me, answer.cursor)).changes).toEqual([]);
    await world.sql('delete from conversations where id = $1', [conversationId]);
    expect((await sync(world.db, me, answer.cursor)).changes).toEqual([]);
  });

  it('tells of a deleted agent; its conversations and runs keep its id, and are no news', async () => {
    const { businessId, me } = await team();
    const agentId = await addAgent(world, businessId);
    const { conversationId, runId } = await addTalk(world, me, agentId);
    const before = await cursorOf(me);
    await world.sql('delete from agents where id = $1', [agentId]);
    expect(summary(await sync(world.db, me, before))).toEqual([`-agent ${agentId}`]);
    await world.sql('update conversations set title = title where id = $1', [conversationId]);
    await world.sql('update runs set updated_at = now() where id = $1', [runId]);
    const { changes } = await sync(world.db, me, before);
    for (const kind of ['conversation', 'run']) {
      expect(changes).toContainEqual({ kind, row: expect.objectContaining({ agentId }) });
    }
  });

  it('is a reset where messages, prompts and data together are more than one answer holds', async () => {
    const { businessId, me, colleague } = await team();
    const mine = await addTalk(world, me);
    const theirs = await addTalk(world, colleague);
    const agentId = await addAgent(world, businessId);
    const widgetId = await world.addWidget(me);
    const cursor = await cursorOf(me);
    const isReset = async () => (await sync(world.db, me, cursor)).reset === true;
    const write = (id: string, length: number) =>
      world.sql(`update messages set content = repeat('x', $2) where id = $1`, [id, length]);

    // What others write is not in the answer.
    await write(theirs.replyId, 600_000);
    expect(await isReset()).toBe(false);
    await write(mine.replyId, 524_286);
    expect(await isReset()).toBe(false);
    await write(mine.replyId, 524_287);
    expect(await isReset()).toBe(true);
    // As JSON each of these takes six bytes.
    await world.sql(`update messages set content = repeat(chr(1), 100000) where id = $1`, [mine.replyId]);
    expect(await isReset()).toBe(true);
    // None of them is too much alone.
    await write(mine.replyId, 200_000);
    await world.sql(`update agents set system_prompt = repeat('x', 200000) where id = $1`, [agentId]);
    expect(await isReset()).toBe(false);
    await world.sql(
      `update widget_data set data = json_build_object('x', repeat('x', 200000)) where widget_id = $1`,
      [widgetId],
    );
    expect(await isReset()).toBe(true);
    await world.sql(`update widget_data set data = '{}' where widget_id = $1`, [widgetId]);
    expect(await isReset()).toBe(false);
  });
});

describe('a replica', () => {
  const at = new Date(0).toISOString();
  const conversation = (id: string, version: number) => ({
    id,
    agentId: null,
    title: '',
    messageCount: 0,
    tokens: { input: 0, output: 0 },
    cost: '0',
    lastMessageAt: at,
    version,
    createdAt: at,
    updatedAt: at,
  });
  const message = (id: string, conversationId: string, version: number) => ({
    id,
    conversationId,
    runId: null,
    role: 'assistant' as const,
    content: `text ${version}`,
    status: 'completed' as const,
    position: 1,
    version,
    createdAt: at,
  });
  const carried = (version: number) => envelope(newId(), version, 'r');

  it('takes a conversation’s messages away with it, and takes nothing more of it, in whatever order', () => {
    const [here, gone, kept, lost] = [newId(), newId(), newId(), newId()];
    const replica = new Replica();
    for (const id of [here, gone]) {
      replica.applyEvent('conversation.changed', { ...conversation(id, 1), ...carried(1) });
    }
    replica.applyEvent('message.created', { ...message(kept, here, 1), ...carried(1) });
    replica.applyEvent('message.created', { ...message(lost, gone, 1), ...carried(1) });
    replica.applyEvent('conversation.changed', { id: gone, deleted: true, ...carried(2) });
    const holdings = () => [replica.all('conversation'), replica.all('message')];
    const expected = [[conversation(here, 1)], [message(kept, here, 1)]];
    expect(holdings()).toEqual(expected);
    // A run that ends in it, and what its end writes to the conversation itself.
    replica.applyEvent('message.completed', { ...message(lost, gone, 7), ...carried(7) });
    replica.applyEvent('conversation.changed', { ...conversation(gone, 3), ...carried(3) });
    expect(holdings()).toEqual(expected);
  });

  it('takes the row of each event, and no piece of a reply for one', () => {
    const [conversationId, id] = [newId(), newId()];
    const replica = new Replica();
    replica.applyEvent('message.completed', { ...message(id, conversationId, 3), ...carried(3) });
    replica.applyEvent('message.created', { ...message(id, conversationId, 1), ...carried(1) });
    replica.applyEvent('message.delta', { messageId: id, runId: newId(), epoch: 1, position: 0, text: 'x' });
    expect(replica.all('message')).toEqual([message(id, conversationId, 3)]);
  });
});
