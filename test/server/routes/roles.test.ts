import { hasRole, ROLES, type Role } from '../../../domain/roles';
import type { Route } from '../../../server/http/route';
import { apiRoutes } from '../../../server/routes';
import { dashboardBody } from '../../factories/bodies';
import { createPerson, createTenant, type Person, type Tenant } from '../../factories/tenant';
import { query } from '../../support/postgres';
import { apiOf, call } from '../http/api';
import { contentsOf } from '../http/contents';
import { expectRefusal, pathOf } from '../http/expect-refusal';
import { sampleOf } from '../http/sample';
import { JWT_SECRET, serve, type Served } from '../serve';
import { makerFor, makersOf } from './things';

/** Who may do what to a thing that everyone in the business sees (product.md, roles). */
const MAY: Record<string, Role | 'anyone'> = {
  'post /auth/register': 'anyone',
  'post /auth/login': 'anyone',
  'post /auth/refresh': 'anyone',
  'post /auth/verify-email': 'anyone',
  'post /auth/resend-verification': 'anyone',
  'post /auth/forgot-password': 'anyone',
  'post /auth/reset-password': 'anyone',
  'post /auth/logout': 'viewer',
  'post /auth/2fa/verify': 'anyone',
  'get /auth/me': 'viewer',
  'post /auth/logout-all': 'viewer',
  'get /auth/sessions': 'viewer',
  'delete /auth/sessions/:id': 'viewer',
  'post /auth/switch-business': 'viewer',
  'post /auth/change-password': 'viewer',
  'post /auth/2fa/setup': 'viewer',
  'post /auth/2fa/enable': 'viewer',
  'post /auth/2fa/disable': 'viewer',
  'post /auth/2fa/recovery-codes': 'viewer',
  'get /users/me': 'viewer',
  'patch /users/me': 'viewer',
  'get /businesses': 'viewer',
  'post /businesses': 'viewer',
  'get /business': 'viewer',
  'patch /business': 'admin',
  'get /business/members': 'viewer',
  'patch /business/members/:id': 'admin',
  'delete /business/members/:id': 'admin',
  'get /api-keys': 'admin',
  'post /api-keys': 'admin',
  'delete /api-keys/:id': 'admin',
  'get /business/invitations': 'admin',
  'post /business/invitations': 'admin',
  'delete /business/invitations/:id': 'admin',
  'post /invitations/accept': 'anyone',
  'get /audit-events': 'admin',
  'get /widget-types': 'viewer',
  'get /widgets': 'viewer',
  'post /widgets': 'manager',
  'get /widgets/:id': 'viewer',
  'patch /widgets/:id': 'manager',
  'delete /widgets/:id': 'manager',
  'post /widgets/preview': 'manager',
  'get /widgets/:id/data': 'viewer',
  'post /widgets/:id/data': 'manager',
  'post /widgets/:id/refresh': 'member',
  'get /widgets/:id/history': 'viewer',
  'get /connections': 'manager',
  'post /connections': 'manager',
  'get /connections/:id': 'manager',
  'patch /connections/:id': 'manager',
  'delete /connections/:id': 'manager',
  'post /connections/:id/test': 'manager',
  'get /dashboards': 'viewer',
  'post /dashboards': 'member',
  'get /dashboards/:id': 'viewer',
  'patch /dashboards/:id': 'manager',
  'delete /dashboards/:id': 'manager',
  'post /dashboards/:id/activate': 'viewer',
  'post /dashboards/:id/duplicate': 'member',
  'get /themes': 'viewer',
  'post /themes': 'viewer',
  'post /themes/import': 'viewer',
  'get /themes/active': 'viewer',
  'post /themes/:id/activate': 'viewer',
  'get /themes/:id': 'viewer',
  'patch /themes/:id': 'viewer',
  'delete /themes/:id': 'viewer',
  'get /themes/:id/export': 'viewer',
  'get /preferences': 'viewer',
  'patch /preferences': 'viewer',
  'get /notifications': 'viewer',
  'post /notifications/:id/read': 'viewer',
  'post /notifications/read-all': 'viewer',
  'get /agents': 'viewer',
  'post /agents': 'manager',
  'get /agents/:id': 'viewer',
  'patch /agents/:id': 'manager',
  'delete /agents/:id': 'manager',
  'get /agents/:id/tools': 'viewer',
  'get /models': 'viewer',
  'get /providers': 'admin',
  'post /providers': 'admin',
  'get /providers/:id': 'admin',
  'patch /providers/:id': 'admin',
  'delete /providers/:id': 'admin',
  'post /agents/:id/chat': 'member',
  'post /chat': 'member',
  'post /chat/stream': 'member',
  'get /rate-limit': 'viewer',
  'get /conversations': 'viewer',
  'get /conversations/:id': 'viewer',
  'patch /conversations/:id': 'viewer',
  'delete /conversations/:id': 'viewer',
  'get /conversations/:id/messages': 'viewer',
  'post /conversations/:id/messages': 'member',
  'get /runs/:id': 'viewer',
  'get /runs/:id/stream': 'viewer',
  'post /runs/:id/cancel': 'viewer',
  'post /runs/:id/confirm': 'member',
  'get /reports/:id': 'viewer',
  'get /usage': 'manager',
  'get /usage/calls': 'manager',
  'get /budgets': 'manager',
  'put /budgets': 'admin',
};

/** A worker answers these: the tests ask for what the policy lets through and validation then refuses. */
const WORKED = new Set([
  'post /connections/:id/test',
  'post /widgets/preview',
  'post /chat',
  'post /chat/stream',
]);

/** Of these everyone has their own. */
const OWN = new Set(['auth', 'themes', 'notifications', 'conversations', 'runs', 'reports']);

let served: Served;
let tenant: Tenant;
let routes: Route[];
beforeAll(async () => {
  served = await serve({ ENCRYPTION_KEYS: 'a key of the tests' });
  tenant = await createTenant(making());
  routes = apiRoutes(served.context);
});
afterAll(() => served.close());

const making = () => ({ db: served.db, secrets: [JWT_SECRET] });
const nameOf = ({ method, path }: Route) => `${method} ${path}`;

/**
 * Sends what the route takes, about a thing that an admin made for everyone.
 * @param looksAfter also tells in which tables something was written
 */
async function sendAs(route: Route, person: Person | undefined, looksAfter: boolean) {
  const { admin } = tenant;
  const owner = OWN.has(route.path.split('/')[1] ?? '') ? (person ?? admin) : admin;
  const id = route.path.includes('/:id')
    ? await makerFor(makersOf(served), route.path)(
        owner,
        route.path.startsWith('/dashboards') ? { shared: true } : {},
      )
    : '';
  const before = looksAfter ? await contentsOf(served.databaseUrl) : {};
  const answer = await call(served.port, {
    method: route.method,
    path: `${pathOf(route, id)}${WORKED.has(nameOf(route)) ? '?nope=1' : ''}`,
    token: person?.token,
    ...(route.body && { json: sampleOf(route.body) }),
  });
  const after = looksAfter ? await contentsOf(served.databaseUrl) : {};
  return { answer, written: Object.keys(after).filter((table) => after[table] !== before[table]) };
}

/** Where a denial stands. */
const AUDIT_LOG = 'public.audit_events';

it('says of every route who may', () => {
  expect(routes.map(nameOf).sort()).toEqual(Object.keys(MAY).sort());
});

/** 403, 401, or that neither stood in the way. */
const gateOf = (status: number) => (status === 401 || status === 403 ? status : 'through');

it.each(ROLES)('lets a %s do what the role is for and nothing else', async (role) => {
  const found: Record<string, unknown> = {};
  const expected: Record<string, unknown> = {};
  for (const route of routes.filter((candidate) => MAY[nameOf(candidate)] !== 'anyone')) {
    const isAllowed = hasRole(role, MAY[nameOf(route)] as Role);
    // Someone new each time: some of the routes end all of a person's logins.
    const person = await createPerson(making(), tenant.businessId, role);
    const { answer, written } = await sendAs(route, person, !isAllowed);
    const isRecorded = MAY[nameOf(route)] === 'admin' && route.method !== 'get';
    found[nameOf(route)] = { gate: gateOf(answer.status), written };
    expected[nameOf(route)] = isAllowed
      ? { gate: 'through', written: [] }
      : { gate: 403, written: isRecorded ? [AUDIT_LOG] : [] };
  }
  expect(found).toEqual(expected);
});

it('lets a stranger do nothing but come in', async () => {
  for (const route of routes) {
    if (MAY[nameOf(route)] === 'anyone') continue;
    const { answer, written } = await sendAs(route, undefined, true);
    expectRefusal(nameOf(route), answer, [401]);
    expect([nameOf(route), written]).toEqual([nameOf(route), []]);
  }
});

describe('a dashboard of one’s own', () => {
  const api = (person: Person) => apiOf(served.port, person.token);
  const make = async (person: Person, overrides = {}) => {
    const answer = await api(person).post('/dashboards', dashboardBody(overrides));
    return `/dashboards/${(answer.body.data as { id: string }).id}`;
  };

  it('is its member’s to change and to delete, but not to share', async () => {
    const path = await make(tenant.member);
    expect((await api(tenant.member).patch(path, { name: 'Mine' })).status).toBe(200);
    expectRefusal('sharing', await api(tenant.member).patch(path, { shared: true }), [403]);
    const shared = await api(tenant.member).post('/dashboards', dashboardBody({ shared: true }));
    expectRefusal('sharing a new one', shared, [403]);
    expectRefusal('an admin', await api(tenant.admin).get(path), [404]);
    expect((await api(tenant.member).delete(path)).status).toBe(204);
  });

  it('stays readable, and no more, to who became a viewer', async () => {
    const path = await make(tenant.member);
    const id = path.split('/')[2] ?? '';
    await query(
      served.databaseUrl,
      `update dashboards set owner_id = '${tenant.viewer.userId}' where id = '${id}'`,
    );
    expect((await api(tenant.viewer).get(path)).status).toBe(200);
    expectRefusal('changing', await api(tenant.viewer).patch(path, { name: 'Mine' }), [403]);
    expectRefusal('deleting', await api(tenant.viewer).delete(path), [403]);
  });

  it('is a manager’s to change once it is shared, and to take back only by who may share', async () => {
    const path = await make(tenant.manager, { shared: true });
    for (const person of [tenant.viewer, tenant.member]) {
      expect((await api(person).get(path)).status).toBe(200);
      expectRefusal(person.role, await api(person).patch(path, { shared: false }), [403]);
    }
    expect((await api(tenant.admin).patch(path, { name: 'Ours' })).status).toBe(200);
    expect((await api(tenant.manager).patch(path, { shared: false })).status).toBe(200);
    expectRefusal('no longer shared', await api(tenant.admin).get(path), [404]);
  });
});
