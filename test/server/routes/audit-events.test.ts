import { SUBJECTS } from '../../../domain/audit/subjects';
import { changedColumns } from '../../../domain/audit/columns';
import {
  agentBody,
  dashboardBody,
  httpConnectionBody,
  providerBody,
  widgetBody,
} from '../../factories/bodies';
import { createTenant, type Person, type Tenant } from '../../factories/tenant';
import { query } from '../../support/postgres';
import { apiOf, call, type ApiAnswer } from '../http/api';
import { JWT_SECRET, serve, type Served } from '../serve';

interface Event {
  id: string;
  action: string;
  actor: { id: string; email: string } | null;
  subject: { kind: string; id: string | null };
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
  requestId: string;
  ip: string;
  userAgent: string | null;
}

let served: Served;
let tenant: Tenant;
beforeAll(async () => {
  served = await serve({ ENCRYPTION_KEYS: 'a key of the tests' });
});
beforeEach(async () => {
  tenant = await createTenant(making());
});
afterAll(() => served.close());

const making = () => ({ db: served.db, secrets: [JWT_SECRET] });
const api = ({ token }: Person) => apiOf(served.port, token);
const dataOf = <T>(answer: ApiAnswer) => answer.body.data as T;
const log = async (filter = '') =>
  dataOf<Event[]>(await api(tenant.admin).get(`/audit-events?limit=100${filter}`)).toReversed();
const shortly = ({ action, subject, before, after }: Event) => ({ action, id: subject.id, before, after });

/** A secret of each kind that people send us. */
const PLANTED = 'planted-5e8a91';

it('tells of each thing what was made, changed and deleted, and by whom', async () => {
  const admin = api(tenant.admin);
  const told: object[] = [];
  const things = [
    { path: '/widgets', kind: 'widget', body: widgetBody(), change: { name: 'New' } },
    { path: '/connections', kind: 'connection', body: httpConnectionBody(), change: { name: 'New' } },
    { path: '/agents', kind: 'agent', body: agentBody(), change: { name: 'New' } },
    { path: '/providers', kind: 'provider', body: providerBody(), change: { name: 'New' } },
    {
      path: '/dashboards',
      kind: 'dashboard',
      body: dashboardBody({ shared: true }),
      change: { name: 'New' },
    },
  ];
  for (const { path, kind, body, change } of things) {
    const { id } = dataOf<{ id: string }>(await admin.post(path, body));
    expect((await admin.patch(`${path}/${id}`, change)).status).toBe(200);
    expect((await admin.delete(`${path}/${id}`)).status).toBe(204);
    const { name } = body;
    told.push(
      { action: `${kind}.created`, id, before: null, after: expect.objectContaining({ name }) },
      { action: `${kind}.updated`, id, before: { name }, after: { name: 'New' } },
      { action: `${kind}.deleted`, id, before: expect.objectContaining({ name: 'New' }), after: null },
    );
  }
  const events = await log();
  expect(events.map(shortly)).toEqual(told);
  for (const { actor } of events) {
    expect(actor).toEqual({ id: tenant.admin.userId, email: tenant.admin.email });
  }
});

it('tells of budgets, and of the business', async () => {
  const admin = api(tenant.admin);
  const budget = { scope: { kind: 'business' }, period: 'day' };
  await admin.put('/budgets', { ...budget, hardLimit: '5', softLimit: null });
  await admin.put('/budgets', { ...budget, hardLimit: '7', softLimit: null });
  await admin.put('/budgets', { ...budget, hardLimit: null, softLimit: null });
  await admin.patch('/business', { timezone: 'Europe/Zurich', chatLimits: { perDay: 9 } });
  const business = { scope: 'business', scopeId: null, period: 'day', softLimit: null };
  expect((await log()).map(({ action, before, after }) => ({ action, before, after }))).toEqual([
    { action: 'budget.created', before: null, after: { ...business, hardLimit: '5' } },
    { action: 'budget.updated', before: { hardLimit: '5' }, after: { hardLimit: '7' } },
    { action: 'budget.deleted', before: { ...business, hardLimit: '7' }, after: null },
    {
      action: 'business.updated',
      before: { timezone: 'UTC', chatsPerDay: 500 },
      after: { timezone: 'Europe/Zurich', chatsPerDay: 9 },
    },
  ]);
});

it('says from where, under the request’s id', async () => {
  const answer = await call(served.port, {
    method: 'patch',
    path: '/api/v1/business',
    token: tenant.admin.token,
    json: { name: 'Renamed' },
    headers: { 'User-Agent': '=cmd|calc', 'X-Request-Id': 'an-id-of-the-client' },
  });
  expect(answer.status).toBe(200);
  const [event] = await log();
  expect(event).toMatchObject({
    requestId: 'an-id-of-the-client',
    ip: expect.stringContaining('127.0.0.1'),
    userAgent: '=cmd|calc',
    subject: { kind: 'business', id: tenant.businessId },
  });
});

it('holds no secret, whatever was sent', async () => {
  const admin = api(tenant.admin);
  const secrets = { headers: { Authorization: `Bearer ${PLANTED}` } };
  const connection = httpConnectionBody({
    secret: secrets,
    config: { baseUrl: `https://a.example.test/?key=${PLANTED}` },
  });
  const made = dataOf<{ id: string }>(await admin.post('/connections', connection));
  await admin.patch(`/connections/${made.id}`, { secret: { headers: { 'X-Key': `${PLANTED}2` } } });
  const source = {
    kind: 'http',
    url: `https://b.example.test/?token=${PLANTED}`,
    headers: { 'X-Key': PLANTED },
  };
  const widget = dataOf<{ id: string }>(await admin.post('/widgets', widgetBody({ source })));
  await admin.patch(`/widgets/${widget.id}`, { source: { ...source, url: `https://c.test/${PLANTED}` } });
  const provider = providerBody({ secret: { apiKey: PLANTED } });
  const { id } = dataOf<{ id: string }>(await admin.post('/providers', provider));
  await admin.patch(`/providers/${id}`, { secret: { apiKey: `${PLANTED}3` } });
  const events = await log();
  expect(events.map(({ action }) => action)).toEqual([
    'connection.created',
    'connection.updated',
    'widget.created',
    'widget.updated',
    'provider.created',
    'provider.updated',
  ]);
  expect(JSON.stringify(events)).not.toContain(PLANTED);
  expect([events[1]?.after, events[3]?.after, events[5]?.after]).toEqual([
    { secretChanged: true },
    { sourceChanged: true },
    { secretChanged: true },
  ]);
});

it('lets no column through that is not allowed', () => {
  const row = {
    name: 'A name',
    password: PLANTED,
    passwordHash: PLANTED,
    secret: PLANTED,
    token: PLANTED,
    key: PLANTED,
    source: { url: PLANTED },
    config: PLANTED,
  };
  for (const kind of Object.keys(SUBJECTS) as (keyof typeof SUBJECTS)[]) {
    expect(JSON.stringify(changedColumns(kind, row, { ...row, name: 'New' }))).not.toContain(PLANTED);
  }
});

it('tells nobody of a private dashboard', async () => {
  const member = api(tenant.member);
  const { id } = dataOf<{ id: string }>(await member.post('/dashboards', dashboardBody()));
  await member.patch(`/dashboards/${id}`, { name: 'Still mine' });
  await member.delete(`/dashboards/${id}`);
  expect(await log()).toEqual([]);
});

it('has nothing of what was rolled back', async () => {
  const admin = api(tenant.admin);
  const { id } = dataOf<{ id: string }>(await admin.post('/connections', httpConnectionBody()));
  const source = { kind: 'http', connectionId: id, path: '/' };
  expect((await admin.post('/widgets', widgetBody({ source }))).status).toBe(201);
  expect((await admin.delete(`/connections/${id}`)).status).toBe(409);
  expect((await admin.patch(`/connections/${id}`, { name: 'New' }, { 'If-Match': '"9"' })).status).toBe(412);
  expect((await log()).map(({ action }) => action)).toEqual(['connection.created', 'widget.created']);
});

it('is read by action, person and subject, page by page', async () => {
  for (const name of ['A', 'B', 'C']) await api(tenant.admin).patch('/business', { name });
  await api(tenant.manager).patch('/business', { name: 'D' });
  const names = (events: Event[]) => events.map(({ after }) => after?.name ?? after?.method);
  expect(names(await log())).toEqual(['A', 'B', 'C', 'PATCH']);
  expect(names(await log('&action=access.denied'))).toEqual(['PATCH']);
  expect(names(await log(`&actorId=${tenant.admin.userId}`))).toEqual(['A', 'B', 'C']);
  expect(names(await log(`&subject=business&subjectId=${tenant.businessId}`))).toEqual(['A', 'B', 'C']);
  expect(await log('&subject=widget')).toEqual([]);
  const seen: Event[] = [];
  let path = '/audit-events?limit=3';
  for (let pages = 0; pages < 2; pages += 1) {
    const answer = await api(tenant.admin).get(path);
    seen.push(...dataOf<Event[]>(answer));
    path = `/audit-events?limit=3&before=${answer.body.meta?.nextBefore}`;
    expect(answer.body.meta?.nextBefore === null).toBe(pages === 1);
  }
  expect(names(seen)).toEqual(['PATCH', 'C', 'B', 'A']);
});

it('as CSV runs nothing in a spreadsheet', async () => {
  await call(served.port, {
    method: 'patch',
    path: '/api/v1/business',
    token: tenant.admin.token,
    json: { name: '=HYPERLINK("https://evil.test")' },
    headers: { 'User-Agent': '@SUM(1+1)' },
  });
  for (const answer of [
    await api(tenant.admin).get('/audit-events?format=csv'),
    await api(tenant.admin).get('/audit-events', { Accept: 'text/csv' }),
  ]) {
    expect(answer.headers['content-type']).toMatch(/^text\/csv/);
    const [head, line] = answer.text.split('\r\n');
    expect(head).toMatch(/^createdAt,action,actorId,/);
    expect(line).toContain(`,'@SUM(1+1),`);
    expect(line).toContain('"{""name"":""=HYPERLINK');
    expect(line?.match(/(^|,)"?[=+@]/)).toBeNull();
  }
});

it('is the admins’, and each business’s own', async () => {
  await api(tenant.admin).patch('/business', { name: 'Ours' });
  const other = await createTenant(making());
  expect(dataOf(await api(other.admin).get('/audit-events'))).toEqual([]);
  const [event] = await log();
  const behind = await api(other.admin).get(`/audit-events?before=${event?.id}`);
  expect(dataOf(behind)).toEqual([]);
  for (const person of [tenant.manager, tenant.member, tenant.viewer]) {
    expect((await api(person).get('/audit-events')).status).toBe(403);
  }
  const platforms = await query(
    served.databaseUrl,
    `insert into audit_events (id, action, subject_kind, request_id)
     values (gen_random_uuid(), 'queue.changed', 'queue', 'r') returning id`,
  );
  expect((await log()).map(({ id }) => id)).not.toContain(platforms[0]?.id);
});
