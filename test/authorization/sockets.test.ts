import { API_SCOPES } from '../../domain/api-keys/scopes';
import { newId } from '../../lib/ids';
import type { Socket } from 'socket.io-client';
import { createPerson, logIn, type Person } from '../factories/tenant';
import { apiOf } from '../server/http/api';
import { contentsOf } from '../server/http/contents';
import { ask, connected, disconnected, open, type Refusal } from '../server/sockets/node';
import { query } from '../support/postgres';
import { EVENTS } from './policy-table';
import { apiKey, NOBODIES, PEOPLE } from './principals';
import { startSockets, startWorld, type World } from './world';

jest.setTimeout(120_000);

let world: World;
let sockets: Awaited<ReturnType<typeof startSockets>>;
let colleague: Person;
/** By what names it: what everyone here may see or has made; and what they may not, and why. */
let visible: Record<Named, string>;
let hidden: [Named, string, string][];
type Named = 'dashboardId' | 'conversationId';

const clients: Socket[] = [];
beforeAll(async () => {
  world = await startWorld();
  sockets = await startSockets(world);
  colleague = await createPerson(world.making, world.own.businessId, 'admin');
  const { dashboards, conversations } = world.makers as Required<typeof world.makers>;
  if (!dashboards || !conversations) throw new Error('Nothing makes dashboards and conversations.');
  const { admin } = world.own;
  const [goneDashboard, goneConversation] = [
    await dashboards(admin, { shared: true }),
    await conversations(admin),
  ];
  for (const path of [`/dashboards/${goneDashboard}`, `/conversations/${goneConversation}`]) {
    expect((await apiOf(world.port, admin.token).delete(path)).status).toBe(204);
  }
  visible = {
    dashboardId: await dashboards(admin, { shared: true }),
    conversationId: await conversations(admin),
  };
  hidden = [
    ['dashboardId', 'another business’s', await dashboards(world.other.admin, { shared: true })],
    ['dashboardId', 'a colleague’s own', await dashboards(colleague)],
    ['dashboardId', 'a deleted', goneDashboard],
    ['conversationId', 'another business’s', await conversations(world.other.admin)],
    ['conversationId', 'a colleague’s', await conversations(colleague)],
    ['conversationId', 'a deleted', goneConversation],
  ];
});
afterAll(async () => {
  for (const client of clients) client.disconnect();
  await sockets.close();
  await world.close();
});

function clientOf(token: string | undefined): Socket {
  const socket = open(sockets.port, { auth: token === undefined ? {} : { token } });
  clients.push(socket);
  return socket;
}

async function connect(token: string | undefined): Promise<Socket> {
  const socket = clientOf(token);
  await connected(socket);
  return socket;
}

it.each([...Object.entries(NOBODIES), ['an API key for everything', apiKey('admin', API_SCOPES)] as const])(
  'opens no socket for %s',
  async (_, make) => {
    const { token } = await make(world);
    const before = await written();
    const refused = (await connected(clientOf(token)).catch((error: unknown) => error)) as
      Refusal | undefined;
    const codes = token?.startsWith('lb_') ? ['api_key_refused'] : LOGIN_REFUSED;
    expect(codes).toContain(refused?.data?.code);
    expect(await written()).toEqual(before);
  },
);

const payloadOf = (name: string, id: string) => {
  const field = name.startsWith('conversation.') ? 'conversationId' : 'dashboardId';
  return { [field]: id };
};

it.each(Object.entries(PEOPLE))('answers %s as the table says', async (_, make) => {
  const { token = '', person } = await make(world);
  const socket = await connect(token);
  const own = await world.makers.conversations?.(person);
  for (const [name, { reads }] of Object.entries(EVENTS)) {
    if (!reads) continue;
    const id = reads === 'dashboardId' ? visible.dashboardId : (own ?? '');
    expect([name, await ask(socket, name, { [reads]: id })]).toEqual([
      name,
      expect.objectContaining({ ok: true }),
    ]);
    const unknown = await ask(socket, name, { [reads]: newId() });
    expect([name, unknown]).toEqual([
      name,
      { ok: false, error: { code: 'not_found', message: expect.any(String) } },
    ]);
    for (const [field, what, hiddenId] of hidden) {
      if (field !== reads) continue;
      expect([name, what, await ask(socket, name, { [reads]: hiddenId })]).toEqual([name, what, unknown]);
    }
  }
  for (const name of ['dashboard.close', 'conversation.close']) {
    for (const id of [newId(), ...hidden.map(([, , hiddenId]) => hiddenId)]) {
      expect(await ask(socket, name, payloadOf(name, id))).toEqual({ ok: true });
    }
  }
  const listed = await ask(socket, 'presence.list');
  const synced = await ask(socket, 'sync', {});
  const told = JSON.stringify([listed, synced]);
  expect([listed.ok, synced.ok]).toEqual([true, true]);
  for (const [, , id] of hidden) expect(told).not.toContain(id);
  socket.disconnect();
});

it('goes on with a token of the same login only', async () => {
  const { admin } = world.own;
  const socket = await connect(admin.token);
  const refresh = async (token: string) => (await ask(socket, 'auth.refresh', { token })).error?.code ?? 'ok';
  expect(await refresh(admin.token)).toBe('ok');
  expect(await refresh((await logIn(world.making, admin)).token)).toBe('session_mismatch');
  expect(await refresh(world.own.viewer.token)).toBe('session_mismatch');
  expect(await refresh(world.other.admin.token)).toBe('session_mismatch');
  for (const make of Object.values(NOBODIES)) {
    const { token = 'nothing' } = await make(world);
    expect(LOGIN_REFUSED).toContain(await refresh(token));
  }
  socket.disconnect();
});

it('tells a room’s events to those whom its policy lets in, and to nobody else', async () => {
  const outsiders = [await connect(world.other.admin.token), await connect(colleague.token)];
  const heard: unknown[] = [];
  for (const outsider of outsiders) {
    outsider.onAny((...event: unknown[]) => heard.push(event));
    await ask(outsider, 'conversation.open', { conversationId: visible.conversationId });
    await ask(outsider, 'dashboard.open', { dashboardId: newId() });
  }
  const { admin } = world.own;
  const insider = await connect(admin.token);
  const changed = new Promise((resolve) => insider.once('conversation.changed', resolve));
  const path = `/conversations/${visible.conversationId}`;
  expect((await apiOf(world.port, admin.token).patch(path, { title: 'Another' })).status).toBe(200);
  await changed;
  // An answer comes behind whatever was announced before.
  for (const outsider of outsiders) await ask(outsider, 'presence.list');
  expect(JSON.stringify(heard)).not.toContain(visible.conversationId);
});

/** What everything holds but the node's lease, which is renewed all the time. */
async function written(): Promise<Record<string, string>> {
  const { 'public.presence_nodes': _lease, ...rest } = await contentsOf(world.databaseUrl);
  return rest;
}

/** For whatever is no login (any more). */
const LOGIN_REFUSED = ['invalid_token', 'session_ended', 'business_switched'];

it.each([
  [
    'the session is revoked',
    (person: Person) => `update sessions set revoked_at = now() where id = '${person.sessionId}'`,
  ],
  ['the person is removed', (person: Person) => `delete from memberships where user_id = '${person.userId}'`],
])('closes an open socket when %s behind the server’s back', async (_, statement) => {
  const person = await createPerson(world.making, world.own.businessId, 'member');
  const socket = await connect(person.token);
  const gone = disconnected(socket);
  await query(world.databaseUrl, statement(person));
  expect(await gone).toBe('io server disconnect');
});
