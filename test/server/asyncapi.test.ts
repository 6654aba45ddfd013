import jwt from 'jsonwebtoken';
import type { Socket } from 'socket.io-client';
import { z } from 'zod';
import { seedPrices } from '../../domain/money/seed-prices';
import type { EventName } from '../../realtime/events';
import { EVENTS } from '../../server/sockets/events';
import { agentBody, dashboardBody, themeBody, widgetBody } from '../factories/bodies';
import { createPlatform, type Platform } from '../demo/platform';
import { createPerson, createTenant, type Tenant } from '../factories/tenant';
import { eventually } from '../support/eventually';
import { startTestSandbox, type TestSandbox } from '../support/sandbox';
import { apiOf, type Api } from './http/api';
import { ask, connected, open } from './sockets/node';
import { ask as fetchText } from './serve';

interface Message {
  payload: object;
  examples: { payload: unknown }[];
}
interface Document {
  channels: { socket: { messages: Record<string, Message> } };
  operations: Record<string, { action: string; messages: { $ref: string }[]; reply?: unknown }>;
  components: { schemas: Record<string, object> };
}

let sandbox: TestSandbox;
let platform: Platform;
let tenant: Tenant;
let document: Document;
const clients: Socket[] = [];
/** Every event that reached one of the clients. */
const seen: { name: string; payload: unknown }[] = [];

beforeAll(async () => {
  sandbox = await startTestSandbox();
  platform = await createPlatform(sandbox.url);
  await seedPrices(platform.db);
  await platform.listen();
  await platform.work();
  tenant = await createTenant({ db: platform.db, secrets: platform.env.JWT_SECRET });
  document = (await fetchText(`${platform.baseUrl}/api/v1/asyncapi.json`)).json() as Document;
});
afterAll(async () => {
  for (const client of clients) client.disconnect();
  await platform.close();
  await sandbox.close();
});

const port = () => Number(new URL(platform.baseUrl).port);
async function listen(token: string): Promise<Socket> {
  const client = open(port(), { auth: { token } });
  clients.push(client);
  client.onAny((name: string, payload: unknown) => seen.push({ name, payload }));
  await connected(client);
  return client;
}

const namesOf = (action: string) =>
  Object.values(document.operations)
    .filter((operation) => operation.action === action)
    .flatMap(({ messages }) => messages.map(({ $ref }) => $ref.split('/').at(-1) ?? ''));

/** What a documented payload takes, by nothing but the document. */
function documented(name: string): z.ZodType {
  const message = document.channels.socket.messages[name];
  if (!message) throw new Error(`${name} is not documented.`);
  const text = JSON.stringify({ ...message.payload, $defs: document.components.schemas });
  return z.fromJSONSchema(JSON.parse(text.replaceAll('#/components/schemas/', '#/$defs/')) as never);
}
const problemsOf = (name: string, payload: unknown) => {
  const { error } = documented(name).safeParse(payload);
  return error ? [`${name}: ${error.message} ${JSON.stringify(payload)}`] : [];
};

/** A name from {@link EventName} that is missing here does not compile. */
const SENT: Record<EventName, true> = {
  'widget.updated': true,
  'widget.failed': true,
  'widget.changed': true,
  'dashboard.changed': true,
  'business.changed': true,
  'theme.changed': true,
  'preferences.changed': true,
  'member.changed': true,
  'notification.created': true,
  'agent.changed': true,
  'conversation.changed': true,
  'message.created': true,
  'message.delta': true,
  'message.completed': true,
  'run.changed': true,
  'usage.changed': true,
  'budget.threshold': true,
  'presence.diff': true,
  'sync.required': true,
  'session.expiring': true,
  'session.revoked': true,
};

it('documents exactly the events that there are', () => {
  expect(namesOf('send').sort()).toEqual(Object.keys(SENT).sort());
  expect(namesOf('receive').sort()).toEqual([...EVENTS.keys()].sort());
  for (const name of EVENTS.keys()) expect(document.channels.socket.messages).toHaveProperty([`${name}.ack`]);
});

it('has an example of each that its own schema takes', () => {
  const messages = Object.entries(document.channels.socket.messages);
  expect(messages.length).toBeGreaterThan(30);
  expect(
    messages.flatMap(([name, { examples }]) => examples.flatMap(({ payload }) => problemsOf(name, payload))),
  ).toEqual([]);
});

describe('what a running server says', () => {
  let admin: Socket;
  let api: Api;
  const post = async (path: string, body: object) => {
    const answer = await api.post(path, body);
    if (answer.status >= 300) throw new Error(`POST ${path}: ${answer.status} ${answer.text}`);
    return (answer.body.data as { id: string }).id;
  };
  const told = (name: EventName) => eventually(name, async () => seen.find((event) => event.name === name));

  beforeAll(async () => {
    admin = await listen(tenant.admin.token);
    api = apiOf(port(), tenant.admin.token);
  });

  it('in its events is what is documented', async () => {
    const member = await createPerson(
      { db: platform.db, secrets: platform.env.JWT_SECRET },
      tenant.businessId,
      'member',
    );
    const widget = await post('/widgets', widgetBody());
    const failing = { kind: 'http', url: 'http://127.0.0.1:1/' };
    const broken = await post('/widgets', widgetBody({ source: failing, schedule: { everySeconds: 1 } }));
    const dashboard = await post('/dashboards', dashboardBody());
    const theme = await post('/themes', themeBody());
    const agent = await post('/agents', agentBody());
    await Promise.all([
      api.post(`/widgets/${widget}/data`, { data: { value: 1 } }),
      api.patch('/business', { name: 'Another name' }),
      api.patch(`/business/members/${member.userId}`, { role: 'viewer' }),
      api.patch('/preferences', { themeMode: 'dark' }),
      api.put('/budgets', {
        scope: { kind: 'business' },
        period: 'day',
        hardLimit: null,
        softLimit: '0.000000001',
      }),
    ]);
    expect((await ask(admin, 'presence.list', {})).ok).toBe(true);
    const chat = await api.post(`/agents/${agent}/chat`, {
      message: 'Tell me about the orders of this week.',
    });
    const { conversation: begun } = chat.body.data as unknown as { conversation: { id: string } };
    await ask(admin, 'conversation.open', { conversationId: begun.id });
    await api.post(`/conversations/${begun.id}/messages`, {
      content: 'And once more, in many words, please.',
    });
    await listen(member.token);
    await told('widget.failed');
    await told('message.completed');
    await told('budget.threshold');
    await told('notification.created');
    await told('usage.changed');
    await told('presence.diff');
    await Promise.all(
      [
        `/themes/${theme}`,
        `/dashboards/${dashboard}`,
        `/widgets/${widget}`,
        `/widgets/${broken}`,
        `/agents/${agent}`,
      ].map((path) => api.delete(path)),
    );
    await api.delete(`/conversations/${begun.id}`);
    // A token that runs out within the minute in which people are told so.
    const claims = jwt.decode(tenant.viewer.token) as Record<string, unknown>;
    const { iat: _, ...rest } = claims;
    await listen(
      jwt.sign({ ...rest, exp: Math.floor(Date.now() / 1_000) + 50 }, platform.env.JWT_SECRET[0] ?? ''),
    );
    await told('session.expiring');
    await apiOf(port(), tenant.viewer.token).post('/auth/logout');
    await told('session.revoked');

    expect(seen.flatMap(({ name, payload }) => problemsOf(name, payload))).toEqual([]);
    const missing = Object.keys(SENT).filter((name) => !seen.some((event) => event.name === name));
    // Announced after an outage, which other tests make.
    expect(missing).toEqual(['sync.required']);
  });

  it('in its acknowledgements, too, whether it works or not', async () => {
    const dashboardId = await post('/dashboards', dashboardBody());
    const conversationId = '0190b6a0-0000-7000-8000-000000000000';
    const { cursor } = await ask(admin, 'sync', {});
    const asked: [string, object][] = [
      ['dashboard.open', { dashboardId }],
      ['dashboard.close', { dashboardId }],
      ['conversation.close', { conversationId }],
      ['conversation.open', { conversationId }],
      ['presence.list', {}],
      ['sync', {}],
      ['sync', { cursor }],
      ['auth.refresh', { token: tenant.admin.token }],
      ...[...EVENTS.keys()].map((name): [string, object] => [name, { unknown: true }]),
    ];
    await post('/widgets', widgetBody());
    const problems: string[] = [];
    for (const [name, payload] of asked)
      problems.push(...problemsOf(`${name}.ack`, await ask(admin, name, payload)));
    expect(problems).toEqual([]);
  });

  it('is not taken for right whatever it is', () => {
    expect(problemsOf('session.expiring', { expiresIn: 'soon' })).not.toEqual([]);
    expect(problemsOf('message.delta', { text: 'no place' })).not.toEqual([]);
    expect(
      problemsOf('sync.ack', { ok: true, cursor: 'c', changes: [{ kind: 'widget', row: {} }] }),
    ).not.toEqual([]);
    expect(problemsOf('sync.ack', { ok: false, error: { code: 'not_found', message: 'No.' } })).toEqual([]);
  });
});
