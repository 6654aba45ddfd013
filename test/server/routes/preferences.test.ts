import { newId } from '../../../lib/ids';
import { dashboardBody, themeBody } from '../../factories/bodies';
import { createPerson, createTenant, logIn, type Person, type Tenant } from '../../factories/tenant';
import { query } from '../../support/postgres';
import { apiOf, detailPaths } from '../http/api';
import { expectRefusal } from '../http/expect-refusal';
import { JWT_SECRET, serve, type Served } from '../serve';
import { createThing } from './things';

interface Preferences {
  id: string;
  version: number;
  activeDashboardId: string | null;
  defaultDashboardId: string | null;
}

let served: Served;
let tenant: Tenant;
beforeAll(async () => {
  served = await serve();
  tenant = await createTenant(making());
});
afterAll(() => served.close());

const making = () => ({ db: served.db, secrets: [JWT_SECRET] });
const apiFor = (person: Person) => apiOf(served.port, person.token);
const newPerson = (role: Person['role'] = 'member') => createPerson(making(), tenant.businessId, role);
const read = async (person: Person) => (await apiFor(person).get('/preferences')).body.data as Preferences;
const dashboard = (person: Person, shared = false) =>
  createThing(served.port, person, '/dashboards', dashboardBody({ shared }));

describe('preferences', () => {
  it('are made on the first read, once, however many read', async () => {
    const person = await newPerson('viewer');
    const answers = await Promise.all(Array.from({ length: 20 }, () => apiFor(person).get('/preferences')));
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1);
    expect(answers[0]?.body.data).toEqual({
      id: expect.any(String),
      userId: person.userId,
      locale: null,
      themeMode: 'system',
      activeThemeId: null,
      activeDashboardId: null,
      defaultDashboardId: null,
      sidebar: { collapsed: false, width: 240 },
      version: 1,
      updatedAt: expect.any(String),
    });
  });

  it('change field by field', async () => {
    const person = await newPerson();
    const api = apiFor(person);
    await api.patch('/preferences', { locale: 'de-ch', sidebar: { width: 300 } });
    await api.patch('/preferences', { sidebar: { collapsed: true }, themeMode: 'dark' });
    expect(await read(person)).toMatchObject({
      locale: 'de-CH',
      themeMode: 'dark',
      sidebar: { collapsed: true, width: 300 },
    });
    await api.patch('/preferences', { locale: null });
    expect(await read(person)).toMatchObject({ locale: null, themeMode: 'dark' });
  });

  it.each([
    [{}, 'body'],
    [{ locale: 'not a locale' }, 'locale'],
    [{ locale: 'en_US' }, 'locale'],
    [{ locale: 'en-US-u-ca-gregory-u-ca-x' }, 'locale'],
    [{ locale: '' }, 'locale'],
    [{ themeMode: 'blue' }, 'themeMode'],
    [{ sidebar: {} }, 'sidebar'],
    [{ sidebar: { width: 47 } }, 'sidebar.width'],
    [{ sidebar: { width: 641 } }, 'sidebar.width'],
    [{ sidebar: { width: 100.5 } }, 'sidebar.width'],
    [{ sidebar: { hidden: true } }, 'sidebar.hidden'],
    [{ activeThemeId: 'x' }, 'activeThemeId'],
    [{ userId: '0190b6a0-0000-7000-8000-000000000000' }, 'userId'],
  ])('are refused with the field that is wrong, and nothing is written: %j', async (body, path) => {
    const person = await newPerson();
    const answer = await apiFor(person).patch('/preferences', body);
    expectRefusal(path, answer, [400]);
    expect(detailPaths(answer)).toContain(path);
    expect(
      await query(served.databaseUrl, `select from preferences where user_id = '${person.userId}'`),
    ).toEqual([]);
  });

  it('are changed only from the version that If-Match names', async () => {
    const person = await newPerson();
    const { etag } = (await apiFor(person).get('/preferences')).headers;
    const change = (themeMode: string) =>
      apiFor(person).patch('/preferences', { themeMode }, { 'If-Match': String(etag) });
    const answers = await Promise.all(['light', 'dark', 'system', 'light', 'dark'].map(change));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412, 412, 412]);
    expect(await read(person)).toMatchObject({ version: 2 });
  });

  it('are another row in another business, and what is kept of one is not taken for the other', async () => {
    const elsewhere = await createTenant(making());
    const { userId, email } = tenant.member;
    await query(
      served.databaseUrl,
      `insert into memberships (id, business_id, user_id, role)
       values (gen_random_uuid(), '${elsewhere.businessId}', '${userId}', 'member')`,
    );
    const there = await logIn(making(), { userId, email, role: 'member', businessId: elsewhere.businessId });
    const [here, other] = [await read(tenant.member), await read(there)];
    expect([here.version, other.version, here.id === other.id]).toEqual([1, 1, false]);
    const { etag } = (await apiFor(tenant.member).get('/preferences')).headers;
    const held = { 'If-None-Match': String(etag) };
    expect((await apiFor(tenant.member).get('/preferences', held)).status).toBe(304);
    expect((await apiFor(there).get('/preferences', held)).status).toBe(200);
    // Nor does a theme go from one business to the other.
    const theme = await createThing(served.port, tenant.member, '/themes', themeBody());
    expectRefusal('elsewhere', await apiFor(there).post(`/themes/${theme}/activate`), [404]);
  });

  it('point to nothing that the person does not see, as if it did not exist', async () => {
    const [person, colleague] = [await newPerson(), await newPerson('manager')];
    const stranger = (await createTenant(making())).manager;
    const api = apiFor(person);
    const before = await read(person);
    const theme = (owner: Person) => createThing(served.port, owner, '/themes', themeBody());
    const ids = {
      activeThemeId: [await theme(colleague), await theme(stranger)],
      activeDashboardId: [await dashboard(colleague), await dashboard(stranger, true)],
      defaultDashboardId: [await dashboard(colleague), await dashboard(stranger, true)],
    };
    for (const [field, hidden] of Object.entries(ids)) {
      const unknown = await api.patch('/preferences', { [field]: newId() });
      expectRefusal(field, unknown, [400]);
      for (const id of hidden) {
        const answer = await api.patch('/preferences', { [field]: id });
        expect([answer.status, answer.body.message]).toEqual([400, unknown.body.message]);
        expect(answer.body.error?.details).toEqual(unknown.body.error?.details);
        const kind = field === 'activeThemeId' ? 'themes' : 'dashboards';
        expectRefusal(field, await api.post(`/${kind}/${id}/activate`), [404]);
      }
    }
    expect(await read(person)).toEqual(before);
  });

  it('go with the membership', async () => {
    const person = await newPerson();
    await createThing(served.port, person, '/themes', themeBody());
    await read(person);
    await query(served.databaseUrl, `delete from memberships where user_id = '${person.userId}'`);
    for (const table of ['themes', 'preferences']) {
      expect(
        await query(served.databaseUrl, `select from ${table} where user_id = '${person.userId}'`),
      ).toEqual([]);
    }
  });
});

describe('the active dashboard and the default one', () => {
  it('are one each, whoever’s they are, and the dashboard stays as it is', async () => {
    const person = await newPerson();
    const api = apiFor(person);
    const [own, shared] = [await dashboard(person), await dashboard(tenant.manager, true)];
    const activated = await api.post(`/dashboards/${own}/activate`);
    expect([activated.status, activated.body.data]).toMatchObject([200, { activeDashboardId: own }]);
    await api.post(`/dashboards/${shared}/activate`);
    await api.patch('/preferences', { defaultDashboardId: own });
    expect(await read(person)).toMatchObject({ activeDashboardId: shared, defaultDashboardId: own });
    for (const id of [own, shared]) {
      expect((await api.get(`/dashboards/${id}`)).body.data).toMatchObject({ version: 1 });
    }
    expect(await read(tenant.manager)).toMatchObject({ activeDashboardId: null });
  });

  it('are none when the dashboard is gone, in one change', async () => {
    const person = await newPerson();
    const shared = await dashboard(tenant.manager, true);
    await apiFor(person).patch('/preferences', { activeDashboardId: shared, defaultDashboardId: shared });
    const before = await read(person);
    await apiFor(tenant.manager).delete(`/dashboards/${shared}`);
    expect(await read(person)).toMatchObject({
      activeDashboardId: null,
      defaultDashboardId: null,
      version: before.version + 1,
    });
  });

  it('are none for others when it is no longer shared, and stay its owner’s', async () => {
    const person = await newPerson();
    const shared = await dashboard(tenant.manager, true);
    for (const someone of [person, tenant.manager])
      await apiFor(someone).post(`/dashboards/${shared}/activate`);
    await apiFor(tenant.manager).patch(`/dashboards/${shared}`, { shared: false });
    expect(await read(person)).toMatchObject({ activeDashboardId: null });
    expect(await read(tenant.manager)).toMatchObject({ activeDashboardId: shared });
  });

  it('are never one that was hidden or deleted at the same moment', async () => {
    const people = await Promise.all(Array.from({ length: 5 }, () => newPerson()));
    for (let round = 0; round < 6; round += 1) {
      const [hidden, deleted] = [
        await dashboard(tenant.manager, true),
        await dashboard(tenant.manager, true),
      ];
      const manager = apiFor(tenant.manager);
      const point = (person: Person, [active, other]: string[]) =>
        apiFor(person).patch('/preferences', { activeDashboardId: active, defaultDashboardId: other });
      const answers = await Promise.all([
        ...people.map((person, index) => point(person, index % 2 ? [hidden, deleted] : [deleted, hidden])),
        manager.patch(`/dashboards/${hidden}`, { shared: false }),
        manager.delete(`/dashboards/${deleted}`),
        ...people.map((person) => apiFor(person).post(`/dashboards/${hidden}/activate`)),
      ]);
      for (const { status } of answers) expect([200, 204, 400, 404]).toContain(status);
      for (const person of people) {
        expect(await read(person)).toMatchObject({ activeDashboardId: null, defaultDashboardId: null });
      }
    }
  });
});
