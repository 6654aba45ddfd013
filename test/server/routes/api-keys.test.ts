import type { Route } from '../../../server/http/route';
import { linkTokenOf } from '../../../domain/accounts/link-tokens';
import { API_SCOPES, type ApiScope } from '../../../domain/api-keys/scopes';
import { apiRoutes } from '../../../server/routes';
import { sha256 } from '../../../lib/ids';
import { dashboardBody, widgetBody } from '../../factories/bodies';
import { createPerson, createTenant, type Person, type Tenant } from '../../factories/tenant';
import { eventually } from '../../support/eventually';
import { query } from '../../support/postgres';
import { apiOf, call, detailPaths, type ApiAnswer } from '../http/api';
import { pathOf } from '../http/expect-refusal';
import { JWT_SECRET, serve, type Served } from '../serve';
import { createThing } from './things';

interface Made {
  id: string;
  prefix: string;
  key: string;
  scopes: string[];
  lastUsedAt: string | null;
}

let served: Served;
let tenant: Tenant;
beforeAll(async () => {
  served = await serve();
});
beforeEach(async () => {
  tenant = await createTenant(making());
});
afterAll(() => served.close());

const making = () => ({ db: served.db, secrets: [JWT_SECRET] });
const sql = (text: string) => query(served.databaseUrl, text);
const told = ({ status, body }: ApiAnswer) => [status, body?.error?.code];
const as = ({ token }: Person) => apiOf(served.port, token);
const withKey = ({ key }: { key: string }) => apiOf(served.port, key);
const dataOf = <T>(answer: ApiAnswer) => answer.body.data as T;
const make = async (scopes: readonly ApiScope[], overrides: object = {}, person = tenant.admin) =>
  dataOf<Made>(await as(person).post('/api-keys', { name: 'A key', scopes, ...overrides }));

it('is shown once and stored as a hash', async () => {
  const made = await make(['widgets:read']);
  expect(made.key).toMatch(new RegExp(`^lb_${made.prefix}_[A-Za-z0-9_-]{43}$`));
  const secret = made.key.slice(`lb_${made.prefix}_`.length);
  const everything = await sql(`select to_json(k)::text as text from api_keys k where id = '${made.id}'
    union all select to_json(a)::text from audit_events a`);
  expect(everything.length).toBeGreaterThan(1);
  for (const { text } of everything) expect(text).not.toContain(secret);
  expect(everything.some(({ text }) => String(text).includes(sha256(secret)))).toBe(true);
  const { key: _, ...shown } = made;
  const listed = await as(tenant.admin).get('/api-keys');
  expect(listed.body.data).toEqual([shown]);
  expect(listed.text).not.toContain(sha256(secret));
});

it('is not stored for a repetition either, which is answered without it', async () => {
  const post = () =>
    as(tenant.admin).post('/api-keys', { name: 'A key', scopes: ['chat'] }, { 'Idempotency-Key': 'once' });
  const first = dataOf<Made>(await post());
  expect(dataOf<Made>(await post())).toEqual({ ...first, key: null });
  const [stored] = await sql(`select response::text as text from idempotency_keys
                               where business_id = '${tenant.businessId}'`);
  expect(stored?.text).not.toContain(first.key);
  expect(await sql(`select from api_keys where business_id = '${tenant.businessId}'`)).toHaveLength(1);
});

it('is refused where it is wrong, has run out or was deleted', async () => {
  const made = await make(['widgets:read']);
  expect((await withKey(made).get('/widgets')).status).toBe(200);
  const other = await make(['widgets:read']);
  const swapped = `lb_${made.prefix}_${other.key.slice(-43)}`;
  const last = made.key.at(-1) === 'A' ? 'B' : 'A';
  for (const key of [
    swapped,
    `${made.key.slice(0, -1)}${last}`,
    `${made.key}x`,
    `lb_${made.prefix}_`,
    'lb_',
  ]) {
    expect([key, ...told(await withKey({ key }).get('/widgets'))]).toEqual([key, 401, 'invalid_api_key']);
  }
  expect((await as(tenant.admin).delete(`/api-keys/${made.id}`)).status).toBe(204);
  expect(told(await withKey(made).get('/widgets'))).toEqual([401, 'invalid_api_key']);
  const soon = await make(['widgets:read'], { expiresAt: new Date(Date.now() + 3_600_000).toISOString() });
  expect((await withKey(soon).get('/widgets')).status).toBe(200);
  await sql(`update api_keys set expires_at = now() where id = '${soon.id}'`);
  await eventually('it has run out', async () => (await withKey(soon).get('/widgets')).status === 401);
});

it('is made with scopes that exist, each once, and an expiry to come', async () => {
  const bodies = [
    [{ scopes: [] }, 'scopes'],
    [{ scopes: ['chat', 'chat'] }, 'scopes'],
    [{ scopes: ['admin'] }, 'scopes.0'],
    [{ scopes: ['chat'], expiresAt: '2020-01-01T00:00:00Z' }, 'expiresAt'],
    [{ scopes: ['chat'], expiresAt: 'soon' }, 'expiresAt'],
  ] as const;
  for (const [body, field] of bodies) {
    const answer = await as(tenant.admin).post('/api-keys', { name: 'A key', ...body });
    expect([answer.status, detailPaths(answer)]).toEqual([400, [field]]);
  }
});

it('says when it was last used, written at most once a minute', async () => {
  const made = await make(['widgets:read']);
  const lastUsed = async () => {
    const [row] = await sql(`select last_used_at::text as at from api_keys where id = '${made.id}'`);
    return row?.at as string | null;
  };
  expect(await lastUsed()).toBeNull();
  await withKey(made).get('/widgets');
  const first = await eventually('its use is noted', lastUsed);
  for (let use = 0; use < 10; use += 1) {
    served.context.apiKeys.forget(made.prefix);
    await withKey(made).get('/widgets');
  }
  expect(await lastUsed()).toBe(first);
  await sql(`update api_keys set last_used_at = last_used_at - interval '61 s' where id = '${made.id}'`);
  served.context.apiKeys.forget(made.prefix);
  await withKey(made).get('/widgets');
  await eventually('it is noted again', async () => ((await lastUsed()) ?? '') >= first);
});

/** What each scope opens; everything that is not here is closed to keys. */
const OPENS: Record<ApiScope, string[]> = {
  'widgets:read': [
    'get /widget-types',
    'get /widgets',
    'get /widgets/:id',
    'get /widgets/:id/data',
    'get /widgets/:id/history',
  ],
  'widgets:write': [
    'post /widgets',
    'patch /widgets/:id',
    'delete /widgets/:id',
    'post /widgets/:id/refresh',
    'post /widgets/preview',
  ],
  'widgets:push': ['post /widgets/:id/data'],
  'dashboards:read': ['get /dashboards', 'get /dashboards/:id'],
  'dashboards:write': [
    'post /dashboards',
    'patch /dashboards/:id',
    'delete /dashboards/:id',
    'post /dashboards/:id/duplicate',
  ],
  'agents:read': ['get /agents', 'get /agents/:id', 'get /agents/:id/tools', 'get /models'],
  chat: [
    'post /agents/:id/chat',
    'post /chat',
    'post /chat/stream',
    'get /conversations',
    'get /conversations/:id',
    'get /conversations/:id/messages',
    'post /conversations/:id/messages',
    'get /runs/:id',
    'get /runs/:id/stream',
    'post /runs/:id/cancel',
    'get /reports/:id',
  ],
  'usage:read': ['get /usage', 'get /usage/calls', 'get /budgets'],
};

const NOBODYS_ID = '00000000-0000-7000-8000-000000000000';
const nameOf = ({ method, path }: Route) => `${method} ${path}`;

it.each(API_SCOPES)('with the scope %s opens what the scope is for and nothing else', async (scope) => {
  const made = await make([scope]);
  const opened: string[] = [];
  for (const route of apiRoutes(served.context)) {
    if ('public' in route.access || nameOf(route) === 'get /rate-limit') continue;
    const answer = await call(served.port, {
      method: route.method,
      // An unknown query: what is let through comes no further than validation.
      path: `${pathOf(route, NOBODYS_ID)}?nope=1`,
      token: made.key,
      ...(route.body && { json: {} }),
    });
    const isClosed = answer.status === 403 && answer.body.error?.code === 'insufficient_scope';
    if (!isClosed) opened.push(nameOf(route));
  }
  expect(opened.sort()).toEqual([...OPENS[scope]].sort());
});

it('may see its own limits, whatever its scope', async () => {
  expect((await withKey(await make(['chat'])).get('/rate-limit')).status).toBe(200);
});

it('is no way past the person’s role: it has the one they have now, and dies with their membership', async () => {
  const second = await createPerson(making(), tenant.businessId, 'admin');
  const made = await make(['widgets:read', 'widgets:write'], {}, second);
  expect((await withKey(made).post('/widgets', widgetBody())).status).toBe(201);
  await as(tenant.admin).patch(`/business/members/${second.userId}`, { role: 'viewer' });
  await eventually(
    'the role holds',
    async () => (await withKey(made).post('/widgets', widgetBody())).status === 403,
  );
  expect((await withKey(made).get('/widgets')).status).toBe(200);
  await sql(`delete from memberships where user_id = '${second.userId}'`);
  await eventually('it is dead', async () => (await withKey(made).get('/widgets')).status === 401);
});

it('pushes data, acts as its person, and is named in the audit log', async () => {
  const made = await make(['widgets:push', 'widgets:write']);
  const id = await createThing(served.port, { ...tenant.admin, token: made.key }, '/widgets', widgetBody());
  expect((await withKey(made).post(`/widgets/${id}/data`, { data: { n: 1 } })).status).toBe(200);
  const [event] = dataOf<object[]>(await as(tenant.admin).get('/audit-events?action=widget.created'));
  expect(event).toMatchObject({
    actor: { id: tenant.admin.userId, email: tenant.admin.email },
    apiKeyId: made.id,
    sessionId: null,
    subject: { kind: 'widget', id },
  });
});

it('has Idempotency-Keys of its own', async () => {
  const made = await make(['dashboards:write']);
  const body = dashboardBody();
  const key = { 'Idempotency-Key': 'shared' };
  const ids = [
    await withKey(made).post('/dashboards', body, key),
    await as(tenant.admin).post('/dashboards', body, key),
    await withKey(await make(['dashboards:write'])).post('/dashboards', body, key),
  ].map((answer) => dataOf<{ id: string }>(answer).id);
  expect(new Set(ids).size).toBe(3);
});

it('sees nothing of another business', async () => {
  const other = await createTenant(making());
  const hidden = await createThing(served.port, other.admin, '/widgets', widgetBody());
  const made = await make(['widgets:read']);
  expect(dataOf(await withKey(made).get('/widgets'))).toEqual([]);
  expect(told(await withKey(made).get(`/widgets/${hidden}`))).toEqual([404, 'not_found']);
  expect(told(await as(other.admin).delete(`/api-keys/${made.id}`))).toEqual([404, 'not_found']);
  expect(dataOf(await as(other.admin).get('/api-keys'))).toEqual([]);
});

it('is for an admin with a verified address to make', async () => {
  await sql(`update users set email_verified_at = null where id = '${tenant.admin.userId}'`);
  const body = { name: 'A key', scopes: ['chat'] };
  expect(told(await as(tenant.admin).post('/api-keys', body))).toEqual([403, 'email_unverified']);
  expect(told(await as(tenant.manager).post('/api-keys', body))).toEqual([403, 'forbidden']);
  expect(told(await as(tenant.manager).get('/api-keys'))).toEqual([403, 'forbidden']);
});

it('is accepted for no invitation', async () => {
  const { key } = await make(['chat']);
  const made = await as(tenant.admin).post('/business/invitations', {
    email: 'a@example.test',
    role: 'viewer',
  });
  const token = linkTokenOf('invitation', dataOf<{ id: string }>(made).id, [JWT_SECRET]);
  const answer = await call(served.port, {
    method: 'post',
    path: '/api/v1/invitations/accept',
    token: key,
    json: { token },
  });
  expect(told(answer)).toEqual([403, 'insufficient_scope']);
});
