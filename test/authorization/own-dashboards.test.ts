import { dashboardBody } from '../factories/bodies';
import type { Person, Tenant } from '../factories/tenant';
import { apiOf } from '../server/http/api';
import { expectRefusal } from '../server/http/expect-refusal';
import { query } from '../support/postgres';
import { startWorld, type World } from './world';

let world: World;
let tenant: Tenant;
beforeAll(async () => {
  world = await startWorld();
  tenant = world.own;
});
afterAll(() => world.close());

describe('a dashboard of one’s own', () => {
  const api = (person: Person) => apiOf(world.port, person.token);
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
      world.databaseUrl,
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
