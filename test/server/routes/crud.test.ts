import { randomUUID } from 'node:crypto';
import {
  agentBody,
  dashboardBody,
  httpConnectionBody,
  placeOf,
  postgresConnectionBody,
  themeBody,
  widgetBody,
} from '../../factories/bodies';
import { createTenant, type Tenant } from '../../factories/tenant';
import { apiOf, detailPaths, type Api } from '../http/api';
import { expectRefusal } from '../http/expect-refusal';
import { JWT_SECRET, serve, type Served } from '../serve';
import { createThing } from './things';

interface Row {
  id: string;
  name: string;
  version: number;
}

let served: Served;
let tenant: Tenant;
let api: Api;
beforeAll(async () => {
  served = await serve({ ENCRYPTION_KEYS: 'a key of the tests' });
  tenant = await createTenant({ db: served.db, secrets: [JWT_SECRET] });
  api = apiOf(served.port, tenant.manager.token);
});
afterAll(() => served.close());

const make = (path: string, body: object) => createThing(served.port, tenant.manager, path, body);

describe.each([
  ['/widgets', widgetBody],
  ['/connections', httpConnectionBody],
  ['/dashboards', dashboardBody],
  ['/agents', agentBody],
  ['/themes', themeBody],
] as const)('%s', (path, bodyOf) => {
  it('makes, reads, changes and deletes', async () => {
    const body = bodyOf();
    const made = await api.post(path, body);
    const row = made.body.data as Row;
    expect([made.status, made.headers.location]).toEqual([201, `/api/v1${path}/${row.id}`]);
    expect(row).toMatchObject({ name: body.name, version: 1 });
    const read = await api.get(`${path}/${row.id}`);
    expect([read.status, read.body.data]).toEqual([200, row]);
    const changed = await api.patch(`${path}/${row.id}`, { name: 'Another' });
    expect([changed.status, changed.body.data]).toMatchObject([
      200,
      { id: row.id, name: 'Another', version: 2 },
    ]);
    expect((await api.get(`${path}/${row.id}`)).body.data).toEqual(changed.body.data);
    const deleted = await api.delete(`${path}/${row.id}`);
    expect([deleted.status, deleted.text]).toEqual([204, '']);
    for (const answer of [
      await api.get(`${path}/${row.id}`),
      await api.patch(`${path}/${row.id}`, { name: 'Again' }),
      await api.delete(`${path}/${row.id}`),
    ]) {
      expectRefusal('deleted', answer, [404]);
    }
  });

  it('takes an id in whatever case', async () => {
    const id = await make(path, bodyOf());
    expect((await api.get(`${path}/${id.toUpperCase()}`)).body.data).toMatchObject({ id });
  });

  it('answers 304 to who has it, until it changes', async () => {
    const at = `${path}/${await make(path, bodyOf())}`;
    const etag = '"1"';
    expect((await api.get(at)).headers.etag).toBe(etag);
    for (const held of [etag, `W/${etag}`, `"0", ${etag}`]) {
      const answer = await api.get(at, { 'If-None-Match': held });
      expect([answer.status, answer.text, answer.headers.etag]).toEqual([304, '', etag]);
    }
    await api.patch(at, { name: 'Another' });
    const answer = await api.get(at, { 'If-None-Match': etag });
    expect([answer.status, answer.headers.etag]).toEqual([200, '"2"']);
  });

  it('is changed only from the version that If-Match names', async () => {
    const at = `${path}/${await make(path, bodyOf())}`;
    const change = (name: string, version: string) => api.patch(at, { name }, { 'If-Match': version });
    expect((await change('Second', '"1"')).headers.etag).toBe('"2"');
    expectRefusal('an old version', await change('Third', '"1"'), [412]);
    expectRefusal('a version to come', await change('Third', '"3"'), [412]);
    expect((await api.get(at)).body.data).toMatchObject({ name: 'Second', version: 2 });
    expect((await change('Third', '*')).status).toBe(200);
    // Of those who change the same version at once, one does.
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) => change(`Twin ${index}`, '"3"')),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([
      200,
      ...Array.from({ length: 9 }, () => 412),
    ]);
    expect((await api.get(at)).body.data).toMatchObject({ version: 4 });
  });

  it('finds names with % and _ as they are written, sorts and turns pages', async () => {
    const mark = randomUUID().slice(0, 8);
    const names = [`${mark} 50%`, `${mark} 50_`, `${mark} 50x`, `${mark} \\`];
    for (const name of names) await make(path, { ...bodyOf(), name });
    const find = async (rest: string) => (await api.get(`${path}?${rest}`)).body;
    const namesOf = async (rest: string) => ((await find(rest)).data as Row[]).map(({ name }) => name);
    const search = (text: string) => `search=${encodeURIComponent(text)}`;
    expect(await namesOf(search(`${mark} 50%`))).toEqual([names[0]]);
    expect(await namesOf(search(`${mark} 50_`))).toEqual([names[1]]);
    expect(await namesOf(search(`${mark} \\`))).toEqual([names[3]]);
    expect(await namesOf(search(`${mark.toUpperCase()} 50X`))).toEqual([names[2]]);
    expect(await namesOf(search(`${mark}'; drop table widgets; --`))).toEqual([]);
    expect(await namesOf(search(mark))).toEqual(names.toReversed());
    expect(await namesOf(`${search(mark)}&sort=createdAt`)).toEqual(names);
    expect(await namesOf(`${search(mark)}&sort=-name`)).toEqual(
      (await namesOf(`${search(mark)}&sort=name`)).toReversed(),
    );
    const page = await find(`${search(mark)}&sort=createdAt&page=2&pageSize=3`);
    expect((page.data as Row[]).map(({ name }) => name)).toEqual([names[3]]);
    expect(page.meta).toEqual({ pagination: { page: 2, pageSize: 3, total: 4, totalPages: 2 } });
    const beyond = await find(`${search(mark)}&page=100000&pageSize=100`);
    expect(beyond).toMatchObject({ data: [], meta: { pagination: { total: 4, totalPages: 1 } } });
  });
});

describe('connections', () => {
  it('have names of their own, in whatever case', async () => {
    const body = httpConnectionBody();
    const [first, second] = [
      await make('/connections', body),
      await make('/connections', httpConnectionBody()),
    ];
    for (const answer of [
      await api.post('/connections', { ...body, name: body.name.toUpperCase() }),
      await api.patch(`/connections/${second}`, { name: body.name }),
    ]) {
      expectRefusal('a taken name', answer, [409]);
      expect(detailPaths(answer)).toEqual(['name']);
    }
    expect((await api.patch(`/connections/${first}`, { name: body.name.toUpperCase() })).status).toBe(200);
  });

  it('are checked against their kind when they change', async () => {
    const at = `/connections/${await make('/connections', postgresConnectionBody())}`;
    const wrong = await api.patch(at, { config: { baseUrl: 'https://example.test' } });
    expectRefusal('another kind’s config', wrong, [400]);
    expect(detailPaths(wrong)).toContain('config.baseUrl');
    const secret = await api.patch(at, { secret: { headers: {} } });
    expect(detailPaths(secret)).toContain('secret.headers');
  });

  it('stay while a widget uses them', async () => {
    const connectionId = await make('/connections', httpConnectionBody());
    const widgetId = await make(
      '/widgets',
      widgetBody({ source: { kind: 'http', connectionId: connectionId.toUpperCase() } }),
    );
    expectRefusal('in use', await api.delete(`/connections/${connectionId}`), [409]);
    await api.delete(`/widgets/${widgetId}`);
    expect((await api.delete(`/connections/${connectionId}`)).status).toBe(204);
  });
});

describe('a dashboard’s layout', () => {
  it('holds each widget once, in whatever case its id is written', async () => {
    const id = await make('/widgets', widgetBody());
    const twice = await api.post(
      '/dashboards',
      dashboardBody({ layout: [placeOf(id), placeOf(id.toUpperCase(), 1)] }),
    );
    expectRefusal('twice', twice, [400]);
    const once = await api.post('/dashboards', dashboardBody({ layout: [placeOf(id.toUpperCase())] }));
    expect(once.body.data).toMatchObject({ layout: [placeOf(id)] });
  });

  it('can be sent back as it was read after a widget is gone', async () => {
    const [kept, gone] = [await make('/widgets', widgetBody()), await make('/widgets', widgetBody())];
    const at = `/dashboards/${await make('/dashboards', dashboardBody({ layout: [placeOf(gone), placeOf(kept, 1)] }))}`;
    await api.delete(`/widgets/${gone}`);
    const { layout } = (await api.get(at)).body.data as { layout: object[] };
    expect(layout).toEqual([placeOf(kept, 1)]);
    expect((await api.patch(at, { layout })).status).toBe(200);
  });

  it('of a shared dashboard holds only what everyone may see', async () => {
    const own = await make('/widgets', widgetBody({ scope: 'user' }));
    const at = `/dashboards/${await make('/dashboards', dashboardBody({ layout: [placeOf(own)] }))}`;
    const answer = await api.patch(at, { shared: true });
    expectRefusal('sharing', answer, [400]);
    expect(detailPaths(answer)).toEqual(['layout.0.widgetId']);
  });
});

describe('a widget', () => {
  it('is narrowed to one person by its owner alone', async () => {
    const widget = `/widgets/${await make('/widgets', widgetBody())}`;
    const refused = await apiOf(served.port, tenant.admin.token).patch(widget, { scope: 'user' });
    expectRefusal('by someone else', refused, [400]);
    expect(detailPaths(refused)).toEqual(['scope']);
    expect((await api.patch(widget, { scope: 'user' })).body.data).toMatchObject({ scope: 'user' });
  });
});
