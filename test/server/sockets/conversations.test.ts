import { newId } from '../../../lib/ids';
import { conversationRoom } from '../../../realtime/rooms';
import { createWorld, type World } from '../../realtime/fixture';
import { addTalk } from '../../realtime/talk';
import { eventually } from '../../support/eventually';
import { ask, disconnected, next, startNode, type TestNode } from './node';

let world: World;
let node: TestNode;
beforeAll(async () => {
  world = await createWorld();
  node = await startNode({ databaseUrl: world.url });
});
afterAll(async () => {
  await node.stop();
  await world.drop();
});

const someone = async () => world.addPerson(await world.addBusiness());
const inRoom = (conversationId: string) =>
  node.sockets.io.sockets.adapter.rooms.get(conversationRoom(conversationId))?.size ?? 0;

const delta = (conversationId: string, text: string) =>
  node.publish([conversationRoom(conversationId)], 'message.delta', {
    messageId: newId(),
    runId: newId(),
    epoch: 1,
    position: 0,
    text,
  });

describe('an open conversation', () => {
  it('is told piece by piece to who has it open, until it is closed', async () => {
    const person = await someone();
    const { conversationId } = await addTalk(world, person);
    const [open, other] = [await node.connect(person.token), await node.connect(person.token)];
    const heard: string[] = [];
    for (const client of [open, other]) client.on('message.delta', ({ text }) => heard.push(text as string));
    // Once, in whatever case its id is written.
    for (const id of [conversationId.toUpperCase(), conversationId]) {
      expect(await ask(open, 'conversation.open', { conversationId: id })).toEqual({ ok: true });
      expect(inRoom(conversationId)).toBe(1);
    }
    const told = next(open, 'message.delta');
    delta(conversationId, 'one');
    expect(await told).toMatchObject({ text: 'one' });
    expect(await ask(open, 'conversation.close', { conversationId })).toEqual({ ok: true });
    expect(inRoom(conversationId)).toBe(0);
    delta(conversationId, 'two');
    // Answered after whatever was on its way.
    for (const client of [open, other]) await ask(client, 'presence.list');
    expect(heard).toEqual(['one']);
    expect(await ask(open, 'conversation.close', { conversationId })).toEqual({ ok: true });
  });

  it('is its person’s alone: everything else is not there', async () => {
    const person = await someone();
    const { conversationId } = await addTalk(world, person);
    const elsewhere = await someone();
    const own = { ...person, businessId: elsewhere.businessId };
    const inAnother = await addTalk(world, own);
    const deleted = await addTalk(world, person);
    await world.sql('update conversations set deleted_at = now() where id = $1', [deleted.conversationId]);
    const admin = await world.addPerson(person.businessId, 'admin');
    const notFound = { ok: false, error: { code: 'not_found', message: 'Conversation not found.' } };
    for (const [{ token }, id] of [
      [admin, conversationId],
      [elsewhere, conversationId],
      [person, inAnother.conversationId],
      [person, deleted.conversationId],
      [person, newId()],
    ] as const) {
      expect(await ask(await node.connect(token), 'conversation.open', { conversationId: id })).toEqual(
        notFound,
      );
      expect(inRoom(id)).toBe(0);
    }
  });

  it.each([{}, { conversationId: 7 }, { conversationId: '*' }, { conversationId: newId(), all: true }])(
    'is named by its id: %j',
    async (payload) => {
      const client = await node.connect((await someone()).token);
      for (const event of ['conversation.open', 'conversation.close']) {
        expect(await ask(client, event, payload)).toMatchObject({ error: { code: 'invalid_request' } });
      }
    },
  );

  it('is one of at most twenty', async () => {
    const person = await someone();
    const client = await node.connect(person.token);
    const ids: string[] = [];
    const codes: (string | undefined)[] = [];
    for (let count = 0; count < 21; count += 1) {
      ids.push((await addTalk(world, person)).conversationId);
      codes.push((await ask(client, 'conversation.open', { conversationId: ids[count] })).error?.code);
    }
    expect(codes).toEqual([...Array.from({ length: 20 }, () => undefined), 'too_many_conversations']);
    expect((await ask(client, 'conversation.open', { conversationId: ids[0] })).ok).toBe(true);
    await ask(client, 'conversation.close', { conversationId: ids[0] });
    expect((await ask(client, 'conversation.open', { conversationId: ids[20] })).ok).toBe(true);
  });

  it('is left when it is deleted', async () => {
    const person = await someone();
    const [kept, gone] = [await addTalk(world, person), await addTalk(world, person)];
    const client = await node.connect(person.token);
    for (const { conversationId } of [kept, gone]) await ask(client, 'conversation.open', { conversationId });
    expect(inRoom(gone.conversationId)).toBe(1);
    await world.sql('update conversations set deleted_at = now() where id = $1', [gone.conversationId]);
    await eventually('the deleted one is left', () => inRoom(gone.conversationId) === 0);
    expect(inRoom(kept.conversationId)).toBe(1);
  });

  it('is left by who is no member any more, with everything else', async () => {
    const person = await someone();
    const { conversationId } = await addTalk(world, person);
    const client = await node.connect(person.token);
    await ask(client, 'conversation.open', { conversationId });
    const closed = disconnected(client);
    await world.sql('delete from memberships where user_id = $1', [person.userId]);
    expect(await closed).toBe('io server disconnect');
    await eventually('its room is empty', () => inRoom(conversationId) === 0);
  });

  it('stays open to who became a viewer: they read what is theirs', async () => {
    const person = await someone();
    const { conversationId } = await addTalk(world, person);
    const other = await addTalk(world, person);
    const client = await node.connect(person.token);
    for (const talk of [{ conversationId }, other]) {
      await ask(client, 'conversation.open', { conversationId: talk.conversationId });
    }
    await world.sql(`update memberships set role = 'viewer' where user_id = $1`, [person.userId]);
    // What the look that found this deletion left open, it looked at, too.
    await world.sql('update conversations set deleted_at = now() where id = $1', [other.conversationId]);
    await eventually('the deleted one is left', () => inRoom(other.conversationId) === 0);
    expect(inRoom(conversationId)).toBe(1);
    expect((await ask(client, 'conversation.open', { conversationId })).ok).toBe(true);
  });
});
