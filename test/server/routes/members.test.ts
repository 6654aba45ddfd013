import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createSocketServer, type Sockets } from '../../../server/sockets';
import { widgetBody, dashboardBody } from '../../factories/bodies';
import { createChat } from '../../factories/chat';
import { createPerson, createTenant, logIn, type Person, type Tenant } from '../../factories/tenant';
import { eventually } from '../../support/eventually';
import { whileHeld } from '../../support/held';
import { query } from '../../support/postgres';
import { apiOf, type ApiAnswer } from '../http/api';
import { expectRefusal } from '../http/expect-refusal';
import { createThing } from './things';
import { JWT_SECRET, serve, type Served } from '../serve';
import { connected, disconnected, next, open } from '../sockets/node';

/** product.md, promise 7, and what a busy machine may add to it, ms. */
const PROMISED_MS = 5_000;

let served: Served;
let tenant: Tenant;
let sockets: { port: number; close(): Promise<void> };

beforeAll(async () => {
  served = await serve();
  sockets = await socketsOf(served);
});
beforeEach(async () => {
  tenant = await createTenant(making());
});
afterAll(async () => {
  await sockets.close();
  await served.close();
});

async function socketsOf({ context }: Served) {
  const http = createServer();
  const running: Sockets = await createSocketServer(http, context);
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  return {
    port: (http.address() as AddressInfo).port,
    async close() {
      await running.close();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

const making = () => ({ db: served.db, secrets: [JWT_SECRET] });
const api = ({ token }: { token: string }) => apiOf(served.port, token);
const path = ({ userId }: Person) => `/business/members/${userId}`;
const sql = (text: string) => query(served.databaseUrl, text);
const told = ({ status, body }: ApiAnswer) => [status, body?.error?.code];
const dataOf = <T>(answer: ApiAnswer) => answer.body.data as T;
async function connect({ token }: Person) {
  const client = open(sockets.port, { auth: { token } });
  await connected(client);
  return client;
}
const eventsOf = (businessId: string) =>
  sql(`select action, actor_id as "actorId", actor_email as "actorEmail", subject_id as "subjectId", before, after
         from audit_events where business_id = '${businessId}' order by created_at, id`);

it('lists members by page, found by name and address', async () => {
  await sql(`update users set name = 'Zoë Z' where id = '${tenant.viewer.userId}'`);
  const list = async (text: string) =>
    dataOf<{ userId: string }[]>(await api(tenant.viewer).get(`/business/members?${text}`)).map(
      ({ userId }) => userId,
    );
  expect((await list('')).sort()).toEqual(
    [tenant.viewer, tenant.member, tenant.manager, tenant.admin].map(({ userId }) => userId).sort(),
  );
  expect(await list('search=zo%C3%AB')).toEqual([tenant.viewer.userId]);
  expect(await list(`search=${tenant.admin.email.slice(0, 30)}`)).toEqual([tenant.admin.userId]);
  expect(await list('search=%25')).toEqual([]);
  expect((await list('sort=-name&pageSize=1'))[0]).toBe(tenant.viewer.userId);
  const answer = await api(tenant.viewer).get('/business/members?pageSize=3&page=2');
  expect(answer.body.meta?.pagination).toEqual({ page: 2, pageSize: 3, total: 4, totalPages: 2 });
  expect(dataOf<unknown[]>(answer)).toHaveLength(1);
  const other = await createTenant(making());
  expect(await list('pageSize=100')).not.toContain(other.admin.userId);
});

describe('another role', () => {
  it('is told to everyone, holds on HTTP within the promise, and is written down', async () => {
    const watcher = await connect(tenant.viewer);
    const changed = next(watcher, 'member.changed');
    expect((await api(tenant.member).get('/connections')).status).toBe(403);
    const answer = await api(tenant.admin).patch(path(tenant.member), { role: 'manager' });
    expect(answer.body.data).toMatchObject({ userId: tenant.member.userId, role: 'manager' });
    expect(await changed).toMatchObject({ userId: tenant.member.userId, role: 'manager', version: 2 });
    watcher.disconnect();
    const begun = performance.now();
    await eventually(
      'the role holds',
      async () => (await api(tenant.member).get('/connections')).status === 200,
    );
    expect(performance.now() - begun).toBeLessThan(PROMISED_MS);
    expect(await eventsOf(tenant.businessId)).toEqual([
      {
        action: 'member.role_changed',
        actorId: tenant.admin.userId,
        actorEmail: tenant.admin.email,
        subjectId: tenant.member.userId,
        before: { role: 'member' },
        after: { role: 'manager' },
      },
    ]);
  });

  it('that they have already changes nothing', async () => {
    const answer = await api(tenant.admin).patch(path(tenant.member), { role: 'member' });
    expect([answer.status, answer.headers.etag]).toEqual([200, '"1"']);
    expect(await eventsOf(tenant.businessId)).toEqual([]);
  });

  it('is refused to the last admin, for a stale version, for nobody, and across businesses', async () => {
    const { admin, member } = tenant;
    expect(told(await api(admin).patch(path(admin), { role: 'member' }))).toEqual([409, 'last_admin']);
    const stale = await api(admin).patch(path(member), { role: 'viewer' }, { 'If-Match': '"7"' });
    expect(told(stale)).toEqual([412, 'version_conflict']);
    const other = await createTenant(making());
    expect(told(await api(admin).patch(path(other.member), { role: 'viewer' }))).toEqual([404, 'not_found']);
    expectRefusal('a role that is none', await api(admin).patch(path(member), { role: 'owner' }), [400]);
  });

  it('takes the rights of open invitations along', async () => {
    const second = await createPerson(making(), tenant.businessId, 'admin');
    const invite = { email: 'accomplice@example.test', role: 'admin' };
    expect((await api(second).post('/business/invitations', invite)).status).toBe(201);
    await api(tenant.admin).patch(path(second), { role: 'viewer' });
    expect(dataOf(await api(tenant.admin).get('/business/invitations'))).toEqual([]);
  });
});

describe('admins at once', () => {
  /** All wait for the same row, so none has seen another's change when it begins. */
  async function atOnce(work: (() => Promise<ApiAnswer>)[]) {
    const [held] = await sql(`select id from memberships where user_id = '${tenant.admin.userId}'`);
    const row = { table: 'memberships', id: held?.id as string };
    return whileHeld(served.databaseUrl, row, work.length, () => Promise.all(work.map((one) => one())));
  }
  const adminsLeft = async () =>
    (await sql(`select from memberships where business_id = '${tenant.businessId}' and role = 'admin'`))
      .length;

  it.each(['patch', 'delete'] as const)('of two who %s each other, one stays', async (method) => {
    const second = await createPerson(making(), tenant.businessId, 'admin');
    const against = (actor: Person, other: Person) => () =>
      method === 'patch' ? api(actor).patch(path(other), { role: 'viewer' }) : api(actor).delete(path(other));
    const answers = await atOnce([against(tenant.admin, second), against(second, tenant.admin)]);
    expect(await adminsLeft()).toBe(1);
    expect(answers.map(({ status }) => status).sort()).toEqual([method === 'patch' ? 200 : 204, 403]);
  });

  it('of two who step down, one stays', async () => {
    const second = await createPerson(making(), tenant.businessId, 'admin');
    const answers = await atOnce([
      () => api(tenant.admin).patch(path(tenant.admin), { role: 'viewer' }),
      () => api(second).delete(path(second)),
    ]);
    expect(await adminsLeft()).toBe(1);
    expect(answers.map((answer) => answer.body?.error?.code).filter(Boolean)).toEqual(['last_admin']);
  });

  it('of one who invites while another demotes them, no invitation stays', async () => {
    const second = await createPerson(making(), tenant.businessId, 'admin');
    const [held] = await sql(`select id from memberships where user_id = '${second.userId}'`);
    await whileHeld(served.databaseUrl, { table: 'memberships', id: held?.id as string }, 2, () =>
      Promise.all([
        api(tenant.admin).patch(path(second), { role: 'viewer' }),
        api(second).post('/business/invitations', { email: 'accomplice@example.test', role: 'admin' }),
      ]),
    );
    expect(dataOf(await api(tenant.admin).get('/business/invitations'))).toEqual([]);
  });

  it('twenty of three leave one', async () => {
    const admins = [
      tenant.admin,
      await createPerson(making(), tenant.businessId, 'admin'),
      await createPerson(making(), tenant.businessId, 'admin'),
    ];
    await Promise.all(
      Array.from({ length: 20 }, (_, n) => {
        const [actor, other] = [admins[n % 3] as Person, admins[(n + 1) % 3] as Person];
        return n % 2 ? api(actor).delete(path(other)) : api(actor).patch(path(actor), { role: 'manager' });
      }),
    );
    expect(await adminsLeft()).toBeGreaterThanOrEqual(1);
  });
});

describe('a member who is removed', () => {
  it('is out on HTTP and sockets, with their keys, within the promise', async () => {
    const manager = await createPerson(making(), tenant.businessId, 'admin');
    const made = await api(manager).post('/api-keys', { name: 'Theirs', scopes: ['widgets:read'] });
    const key = { token: dataOf<{ key: string }>(made).key };
    expect((await api(key).get('/widgets')).status).toBe(200);
    const [theirs, watcher] = [await connect(manager), await connect(tenant.viewer)];
    const ended = [next(theirs, 'session.revoked'), disconnected(theirs)];
    const gone = next(watcher, 'member.changed');
    const begun = performance.now();
    expect((await api(tenant.admin).delete(path(manager))).status).toBe(204);
    expect(await Promise.all(ended)).toEqual([{ reason: 'removed' }, 'io server disconnect']);
    expect(await gone).toMatchObject({ userId: manager.userId, deleted: true, version: 2 });
    watcher.disconnect();
    expect(told(await api(manager).get('/widgets'))).toEqual([401, 'session_ended']);
    await eventually('the key is dead', async () => (await api(key).get('/widgets')).status === 401);
    expect(performance.now() - begun).toBeLessThan(PROMISED_MS);
    expect(await sql(`select from api_keys where user_id = '${manager.userId}'`)).toEqual([]);
  });

  it('does not come back with an old login when they are added again', async () => {
    const { member } = tenant;
    await api(tenant.admin).delete(path(member));
    await sql(`insert into memberships (id, business_id, user_id, role)
               values (gen_random_uuid(), '${tenant.businessId}', '${member.userId}', 'member')`);
    expect(told(await api(member).get('/widgets'))).toEqual([401, 'session_ended']);
  });

  it('keeps the login that is in another business', async () => {
    const other = await createTenant(making());
    const { userId, email } = tenant.member;
    await sql(`insert into memberships (id, business_id, user_id, role)
               values (gen_random_uuid(), '${other.businessId}', '${userId}', 'viewer')`);
    const there = await logIn(making(), { userId, email, role: 'viewer', businessId: other.businessId });
    await api(tenant.admin).delete(path(tenant.member));
    expect((await api(there).get('/widgets')).status).toBe(200);
  });

  it('leaves what others use to the admin, and takes what was theirs alone along', async () => {
    const { manager, admin, viewer } = tenant;
    const shared = await createThing(served.port, manager, '/dashboards', dashboardBody({ shared: true }));
    const own = await createThing(served.port, manager, '/dashboards', dashboardBody());
    const theirs = await createThing(served.port, manager, '/widgets', widgetBody());
    const private_ = await createThing(served.port, manager, '/widgets', widgetBody({ scope: 'user' }));
    const { run } = await createChat(served.db, manager);
    await sql(
      `update runs set status = 'running', lease_until = now() + interval '1 minute' where id = '${run.id}'`,
    );
    const watcher = await connect(viewer);
    const announced = next(watcher, 'dashboard.changed');
    expect((await api(admin).delete(path(manager))).status).toBe(204);
    expect(await announced).toMatchObject({ id: shared, ownerId: admin.userId });
    watcher.disconnect();
    expect(dataOf(await api(admin).get(`/dashboards/${shared}`))).toMatchObject({ ownerId: admin.userId });
    expect(dataOf(await api(admin).get(`/widgets/${theirs}`))).toMatchObject({ ownerId: admin.userId });
    expect(await sql(`select from dashboards where id = '${own}'`)).toEqual([]);
    expect(await sql(`select from widgets where id = '${private_}'`)).toEqual([]);
    expect(
      await sql(`select stop_requested_at is not null as stopping from runs where id = '${run.id}'`),
    ).toEqual([{ stopping: true }]);
    const removal = (await eventsOf(tenant.businessId)).find(({ action }) => action === 'member.removed');
    expect(removal?.before).toEqual({
      email: manager.email,
      role: 'manager',
      apiKeys: 0,
      dashboards: 1,
      widgets: 1,
      runs: 1,
    });
  });

  it('may be oneself, unless one is the last admin', async () => {
    expect((await api(tenant.viewer).delete(path(tenant.viewer))).status).toBe(204);
    expect(told(await api(tenant.admin).delete(path(tenant.admin)))).toEqual([409, 'last_admin']);
    const second = await createPerson(making(), tenant.businessId, 'admin');
    const shared = await createThing(
      served.port,
      tenant.admin,
      '/dashboards',
      dashboardBody({ shared: true }),
    );
    expect((await api(tenant.admin).delete(path(tenant.admin))).status).toBe(204);
    expect(dataOf(await api(second).get(`/dashboards/${shared}`))).toMatchObject({ ownerId: second.userId });
    const actions = (await eventsOf(tenant.businessId)).map(({ action }) => action);
    expect(actions.filter((action) => action === 'member.left')).toHaveLength(2);
  });

  it('is not another for who is no admin, and the try is written down', async () => {
    expect(told(await api(tenant.manager).delete(path(tenant.viewer)))).toEqual([403, 'forbidden']);
    expect(await eventsOf(tenant.businessId)).toEqual([
      expect.objectContaining({
        action: 'access.denied',
        actorId: tenant.manager.userId,
        subjectId: 'delete /business/members/:id',
        after: { method: 'DELETE', path: `/api/v1${path(tenant.viewer)}`, reason: 'forbidden' },
      }),
    ]);
  });
});
