import { z } from 'zod';
import type { Route } from '../../../server/http/route';
import { apiRoutes } from '../../../server/routes';
import { newId } from '../../../lib/ids';
import { dashboardBody, placeOf, widgetBody } from '../../factories/bodies';
import { createPerson, createTenant, type Person, type Tenant } from '../../factories/tenant';
import { apiOf, call, type ApiAnswer } from '../http/api';
import { contentsOf } from '../http/contents';
import { expectRefusal, pathOf } from '../http/expect-refusal';
import { JWT_SECRET, serve, type Served } from '../serve';
import { makerFor, makersOf, type Maker } from './things';

let served: Served;
let own: Tenant;
let other: Tenant;
/** Another manager of the same business. */
let colleague: Person;
let routes: Route[];
let makers: Record<string, Maker>;

beforeAll(async () => {
  served = await serve({ ENCRYPTION_KEYS: 'a key of the tests' });
  const making = { db: served.db, secrets: [JWT_SECRET] };
  [own, other] = await Promise.all([createTenant(making), createTenant(making)]);
  colleague = await createPerson(making, own.businessId, 'manager');
  routes = apiRoutes(served.context);
  makers = makersOf(served);
});
afterAll(() => served.close());

/** All of an answer that a caller can see, but what differs each time and the id that they sent. */
function visible({ status, headers, text, body }: ApiAnswer, id: string) {
  const { date, 'x-request-id': requestId, etag, 'content-length': _, ...rest } = headers;
  expect([Boolean(date), typeof requestId, etag]).toEqual([true, 'string', undefined]);
  const said = text.replaceAll(String(requestId), '(request id)').replaceAll(id, '(id)');
  return { status, headers: rest, said, code: body.error?.code };
}

it('lists nothing of another business or of a colleague’s own', async () => {
  const admins = new Set(['providers', 'api-keys', 'business/invitations']);
  const everyones = new Set(['connections', 'agents', ...admins]);
  for (const kind of ['widgets', 'dashboards', 'themes', 'notifications', ...everyones]) {
    const reader = admins.has(kind) ? own.admin : own.manager;
    const hidden = [await makerFor(makers, `/${kind}`)(other.admin)];
    if (!everyones.has(kind))
      hidden.push(await makerFor(makers, `/${kind}`)(colleague, kind === 'widgets' ? { scope: 'user' } : {}));
    const shown = await makerFor(makers, `/${kind}`)(reader);
    const answer = await apiOf(served.port, reader.token).get(
      `/${kind}?${kind === 'notifications' ? 'limit' : 'pageSize'}=100`,
    );
    const ids = (answer.body.data as { id: string }[]).map(({ id }) => id);
    expect([kind, ids]).toEqual([kind, expect.arrayContaining([shown])]);
    for (const id of hidden) expect(ids).not.toContain(id);
  }
});

/** The places in a body that take an id. */
function idFields(schema: unknown, path = ''): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const node = schema as Record<string, unknown>;
  if (node.format === 'uuid') return [path];
  return Object.entries(node).flatMap(([key, value]) => {
    if (key === 'properties') {
      return Object.entries(value as object).flatMap(([name, child]) =>
        idFields(child, path ? `${path}.${name}` : name),
      );
    }
    if (key === 'items') return idFields(value, `${path}.0`);
    return key === 'anyOf' || key === 'oneOf'
      ? (value as unknown[]).flatMap((child) => idFields(child, path))
      : [];
  });
}

/** How a body refers to another thing, and which. */
const REFERENCES: Record<string, { kind: string; bodies: (id: string) => object[] }> = {
  'source.connectionId': {
    kind: 'connections',
    bodies: (connectionId) => [
      { source: { kind: 'http', connectionId } },
      { source: { kind: 'sql', connectionId, query: 'select 1', params: [] } },
    ],
  },
  'scope.id': {
    kind: 'agents',
    bodies: (id) => [{ scope: { kind: 'agent', id } }, { scope: { kind: 'member', id } }],
  },
  activeThemeId: { kind: 'themes', bodies: (activeThemeId) => [{ activeThemeId }] },
  activeDashboardId: { kind: 'dashboards', bodies: (activeDashboardId) => [{ activeDashboardId }] },
  defaultDashboardId: { kind: 'dashboards', bodies: (defaultDashboardId) => [{ defaultDashboardId }] },
  'layout.0.widgetId': { kind: 'widgets', bodies: (widgetId) => [{ layout: [placeOf(widgetId)] }] },
};

/** Not parts of a thing but the things asked about: those of someone else are not found. */
const ASKED_ABOUT = new Set(['conversationId', 'agentId', 'toolCallId', 'businessId']);

describe('an id in a body', () => {
  const referring = () =>
    routes
      .filter(({ body }) => body)
      .flatMap((route) => {
        const schema = z.toJSONSchema(route.body as z.ZodType, { io: 'input', unrepresentable: 'any' });
        return [...new Set(idFields(schema))].map((field) => ({ route, field }));
      });

  it('stands in these places', () => {
    expect(referring().map(({ route, field }) => `${route.method} ${route.path} ${field}`)).toEqual([
      'post /auth/switch-business businessId',
      'post /widgets source.connectionId',
      'patch /widgets/:id source.connectionId',
      'post /widgets/preview source.connectionId',
      'post /dashboards layout.0.widgetId',
      'patch /dashboards/:id layout.0.widgetId',
      'patch /preferences activeThemeId',
      'patch /preferences activeDashboardId',
      'patch /preferences defaultDashboardId',
      'post /agents/:id/chat conversationId',
      'post /chat conversationId',
      'post /chat agentId',
      'post /chat/stream conversationId',
      'post /chat/stream agentId',
      'post /runs/:id/confirm toolCallId',
      'put /budgets scope.id',
    ]);
  });

  it('of another business, or of a colleague’s own, is one that does not exist', async () => {
    const completing: Record<string, object> = {
      'post /widgets': widgetBody(),
      'post /dashboards': dashboardBody(),
      'put /budgets': { period: 'day', hardLimit: '1', softLimit: null },
    };
    for (const { route, field } of referring().filter((place) => !ASKED_ABOUT.has(place.field))) {
      const { kind, bodies } = REFERENCES[field] as (typeof REFERENCES)[string];
      const path = route.path.includes(':id')
        ? pathOf(route, await makerFor(makers, route.path)(own.manager))
        : pathOf(route, '');
      const theirs = await makerFor(makers, `/${kind}`)(other.admin);
      const colleagues = await makerFor(makers, `/${kind}`)(
        colleague,
        kind === 'widgets' ? { scope: 'user' } : {},
      );
      const hidden = kind === 'connections' || kind === 'agents' ? [theirs] : [theirs, colleagues];
      const before = await contentsOf(served.databaseUrl);
      const post = (body: object) =>
        call(served.port, {
          method: route.method,
          path,
          // Budgets are the admins'; the rest a manager made.
          token: (route.path === '/budgets' ? own.admin : own.manager).token,
          json: { ...completing[`${route.method} ${route.path}`], ...body },
        });
      const unknownId = newId();
      const unknown = await Promise.all(bodies(unknownId).map(post));
      for (const answer of unknown) expectRefusal(`${route.method} ${route.path} ${field}`, answer, [400]);
      for (const id of hidden) {
        const answers = await Promise.all(bodies(id).map(post));
        expect(answers.map((answer) => visible(answer, id))).toEqual(
          unknown.map((answer) => visible(answer, unknownId)),
        );
        expect(answers[0]?.body.error?.details?.[0]?.path).toBe(field);
      }
      expect(await contentsOf(served.databaseUrl)).toEqual(before);
    }
  });

  it('of a business that one doesn’t belong to is one that does not exist', async () => {
    const before = await contentsOf(served.databaseUrl);
    const unknownId = newId();
    const [theirs, nobodys] = await Promise.all(
      [other.businessId, unknownId].map((businessId) =>
        apiOf(served.port, own.admin.token).post('/auth/switch-business', { businessId }),
      ),
    );
    expectRefusal('another business', theirs as ApiAnswer, [403, 404]);
    expect(visible(theirs as ApiAnswer, other.businessId)).toEqual(visible(nobodys as ApiAnswer, unknownId));
    expect(await contentsOf(served.databaseUrl)).toEqual(before);
  });

  it('of someone else’s conversation, or another business’s agent, is not found', async () => {
    const agentId = await makerFor(makers, '/agents')(own.admin);
    const theirs = await makerFor(makers, '/conversations')(other.admin);
    const colleagues = await makerFor(makers, '/conversations')(colleague);
    const asked: [string, object][] = [theirs, colleagues, newId()].flatMap((conversationId) => [
      [`/agents/${agentId}/chat`, { message: 'Hi', conversationId }],
      ['/chat', { message: 'Hi', conversationId }],
      ['/chat/stream', { message: 'Hi', conversationId }],
      ['/chat', { message: 'Hi', agentId, conversationId }],
    ]);
    asked.push(['/chat', { message: 'Hi', agentId: await makerFor(makers, '/agents')(other.admin) }]);
    const before = await contentsOf(served.databaseUrl);
    for (const [path, body] of asked) {
      const answer = await apiOf(served.port, own.manager.token).post(path, body);
      expectRefusal(`${path} ${JSON.stringify(body)}`, answer, [404]);
    }
    expect(await contentsOf(served.databaseUrl)).toEqual(before);
  });
});
