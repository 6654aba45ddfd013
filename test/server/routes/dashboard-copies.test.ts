import { dashboardBody, placeOf, widgetBody } from '../../factories/bodies';
import { createTenant, type Person, type Tenant } from '../../factories/tenant';
import { apiOf, detailPaths } from '../http/api';
import { expectRefusal } from '../http/expect-refusal';
import { JWT_SECRET, serve, type Served } from '../serve';
import { createThing } from './things';

interface Dashboard {
  id: string;
  name: string;
  layout: { widgetId: string }[];
}

let served: Served;
let tenant: Tenant;
beforeAll(async () => {
  served = await serve();
  tenant = await createTenant({ db: served.db, secrets: [JWT_SECRET] });
});
afterAll(() => served.close());

const apiFor = (person: Person) => apiOf(served.port, person.token);
const dashboard = (person: Person, overrides: object) =>
  createThing(served.port, person, '/dashboards', dashboardBody({ ...overrides }));
const widget = (scope = 'business') =>
  createThing(served.port, tenant.manager, '/widgets', widgetBody({ scope }));

describe('a copy of a dashboard', () => {
  it('is private, its maker’s, and holds the same widgets in the same places', async () => {
    const layout = [placeOf(await widget()), placeOf(await widget(), 1)];
    const id = await dashboard(tenant.manager, { name: 'Sales', description: 'All', shared: true, layout });
    const copy = await apiFor(tenant.member).post(`/dashboards/${id}/duplicate`);
    const { id: copyId } = copy.body.data as Dashboard;
    expect([copy.status, copy.headers.location]).toEqual([201, `/api/v1/dashboards/${copyId}`]);
    expect(copy.body.data).toMatchObject({
      ownerId: tenant.member.userId,
      name: 'Sales (copy)',
      description: 'All',
      shared: false,
      layout,
      version: 1,
    });
    expectRefusal('the original’s owner', await apiFor(tenant.manager).get(`/dashboards/${copyId}`), [404]);
    // It is the member's to change, unlike the original.
    expect((await apiFor(tenant.member).patch(`/dashboards/${copyId}`, { layout })).status).toBe(200);
  });

  it('leaves out what its maker may not see', async () => {
    const [everyones, narrowed] = [await widget(), await widget()];
    const layout = [placeOf(everyones), placeOf(narrowed, 1)];
    const id = await dashboard(tenant.manager, { shared: true, layout });
    await apiFor(tenant.manager).patch(`/widgets/${narrowed}`, { scope: 'user' });
    const copyOf = async (person: Person) =>
      (await apiFor(person).post(`/dashboards/${id}/duplicate`)).body.data as Dashboard;
    expect((await copyOf(tenant.member)).layout).toEqual([placeOf(everyones)]);
    expect((await copyOf(tenant.manager)).layout).toEqual(layout);
  });

  it('has a name of at most 200 characters, none of them cut in half', async () => {
    const id = await dashboard(tenant.member, { name: `${'x'.repeat(192)}\u{1f600}${'x'.repeat(6)}` });
    const copy = await apiFor(tenant.member).post(`/dashboards/${id}/duplicate`);
    expect(copy.body.data).toMatchObject({ name: `${'x'.repeat(192)} (copy)` });
  });

  it('is made once under an Idempotency-Key', async () => {
    const id = await dashboard(tenant.member, {});
    const duplicate = () =>
      apiFor(tenant.member).post(`/dashboards/${id}/duplicate`, undefined, { 'Idempotency-Key': 'a-copy' });
    const answers = await Promise.all([duplicate(), duplicate(), duplicate()]);
    expect(new Set(answers.map(({ body }) => (body.data as Dashboard).id)).size).toBe(1);
  });
});

describe('a layout', () => {
  const post = (...places: object[]) =>
    apiFor(tenant.manager).post('/dashboards', dashboardBody({ layout: places }));

  it.each([
    [{ x: 11, w: 2 }, 'layout.0.w'],
    [{ x: 12, w: 1 }, 'layout.0.x'],
    [{ w: 0 }, 'layout.0.w'],
    [{ y: 999, h: 2 }, 'layout.0.h'],
    [{ y: -1 }, 'layout.0.y'],
    [{ x: 0.5 }, 'layout.0.x'],
    [{ z: 1 }, 'layout.0.z'],
  ])('stays on the grid: %j', async (place, path) => {
    const answer = await post({ ...placeOf(await widget()), ...place });
    expectRefusal(path, answer, [400]);
    expect(detailPaths(answer)).toContain(path);
  });

  it('has no two widgets on one spot; neighbours touch', async () => {
    const [a, b] = [await widget(), await widget()];
    for (const [x, y] of [
      [1, 1],
      [0, 0],
      [3, 3],
    ]) {
      const answer = await post({ widgetId: a, x: 2, y: 2, w: 2, h: 2 }, { widgetId: b, x, y, w: 9, h: 9 });
      expectRefusal(`${x}, ${y}`, answer, [400]);
      expect(detailPaths(answer)).toEqual(['layout.1']);
    }
    for (const [x, y] of [
      [4, 2],
      [0, 2],
      [2, 4],
      [2, 0],
    ]) {
      const answer = await post({ widgetId: a, x: 2, y: 2, w: 2, h: 2 }, { widgetId: b, x, y, w: 2, h: 2 });
      expect([x, y, answer.status]).toEqual([x, y, 201]);
    }
  });

  it('and a sharing that come at once do not let a private widget through', async () => {
    const own = await widget('user');
    for (let round = 0; round < 10; round += 1) {
      const at = `/dashboards/${await dashboard(tenant.manager, {})}`;
      const answers = await Promise.all([
        apiFor(tenant.manager).patch(at, { shared: true }),
        apiFor(tenant.manager).patch(at, { layout: [placeOf(own)] }),
      ]);
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 400]);
    }
  });
});
