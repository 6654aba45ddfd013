import fc from 'fast-check';
import { Client } from 'pg';
import { themeBody } from '../../factories/bodies';
import { themeArbitrary } from '../../factories/themes';
import { createTenant, type Tenant } from '../../factories/tenant';
import { eventually } from '../../support/eventually';
import { query } from '../../support/postgres';
import { apiOf, call, detailPaths, type Api } from '../http/api';
import { expectRefusal } from '../http/expect-refusal';
import { JWT_SECRET, serve, type Served } from '../serve';
import { createThing } from './things';

interface Theme {
  id: string;
  version: number;
  name: string;
  colors: Record<string, string>;
  tokens: Record<string, string>;
  borderRadius: string;
}

let served: Served;
let tenant: Tenant;
let api: Api;
beforeAll(async () => {
  served = await serve();
  tenant = await createTenant({ db: served.db, secrets: [JWT_SECRET] });
  api = apiOf(served.port, tenant.viewer.token);
});
afterAll(() => served.close());

const make = (body = themeBody(), person = tenant.viewer) =>
  createThing(served.port, person, '/themes', body);
const read = async (id: string) => (await api.get(`/themes/${id}`)).body.data as Theme;
const preferences = async () =>
  (await api.get('/preferences')).body.data as { activeThemeId: string | null; version: number };

/** A theme without what each has for itself. */
const contentOf = (theme: object) => {
  const {
    id: _,
    version: __,
    createdAt: ___,
    updatedAt: ____,
    ...content
  } = theme as Record<string, unknown>;
  return content;
};

describe('a theme', () => {
  it('is kept in canonical texts', async () => {
    const { colors } = themeBody();
    const body = themeBody({
      colors: { ...colors, primary: 'RED', accent: 'rgb(1, 2, 3)' },
      tokens: { 'chart-1': 'hsl(200deg 50% 50%)', gap: '.5rem', constructor: '#FFF' },
      borderRadius: '0',
    });
    expect(await read(await make(body))).toMatchObject({
      colors: { ...colors, primary: '#ff0000', accent: '#010203' },
      tokens: { 'chart-1': 'hsl(200 50% 50%)', gap: '0.5rem', constructor: '#ffffff' },
      borderRadius: '0px',
    });
  });

  it.each([
    [{ colors: { ...themeBody().colors, primary: 'url(https://example.test/x)' } }, 'colors.primary'],
    [{ colors: { ...themeBody().colors, primary: '#fff;}body{display:none' } }, 'colors.primary'],
    [{ colors: { ...themeBody().colors, primary: '8px' } }, 'colors.primary'],
    // In the outer form of one, and none.
    [{ colors: { ...themeBody().colors, primary: 'url(image.png)' } }, 'colors.primary'],
    [{ colors: { ...themeBody().colors, primary: 'rgb(300 0 0)' } }, 'colors.primary'],
    [{ colors: { ...themeBody().colors, primary: 'nocolor' } }, 'colors.primary'],
    [{ borderRadius: '10000px' }, 'borderRadius'],
    [{ tokens: { image: 'url(image.png)' } }, 'tokens.image'],
    [{ colors: { ...themeBody().colors, primary: 7 } }, 'colors.primary'],
    [{ colors: { ...themeBody().colors, extra: '#fff' } }, 'colors.extra'],
    [{ colors: { background: '#fff' } }, 'colors.foreground'],
    [{ borderRadius: '#fff' }, 'borderRadius'],
    [{ borderRadius: '-1px' }, 'borderRadius'],
    [{ mode: 'system' }, 'mode'],
    [{ tokens: { shadow: '0 0 4px #000' } }, 'tokens.shadow'],
    [{ tokens: { shadow: '} body { color: red' } }, 'tokens.shadow'],
    [{ tokens: { primary: '#fff' } }, 'tokens.primary'],
    [{ tokens: { radius: '1px' } }, 'tokens.radius'],
    [{ tokens: { 'x: red; --y': '#fff' } }, 'tokens.x: red; --y'],
    [{ tokens: { X: '#fff' } }, 'tokens.X'],
    [{ tokens: { 'a--b': '#fff' } }, 'tokens.a--b'],
    [{ tokens: Object.fromEntries(Array.from({ length: 501 }, (_, n) => [`t${n}`, '#fff'])) }, 'tokens'],
  ])('is refused with the field that is wrong: %j', async (overrides, path) => {
    const answer = await api.post('/themes', themeBody(overrides));
    expectRefusal(path, answer, [400]);
    expect(detailPaths(answer)).toContain(path);
  });

  it('may be 256 KB and no more', async () => {
    const tokens = Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`t${n}`, '#ffffff']));
    const json = JSON.stringify(themeBody({ tokens }));
    const post = (size: number) =>
      call(served.port, {
        method: 'post',
        path: '/api/v1/themes',
        token: tenant.viewer.token,
        body: json.padEnd(size),
      });
    const largest = await post(262_144);
    expect([largest.status, largest.body.data]).toMatchObject([201, { tokens }]);
    expectRefusal('larger', await post(262_145), [413]);
  });

  it('changes colour by colour, and its tokens as a whole', async () => {
    const id = await make(themeBody({ tokens: { one: '#111111', two: '#222222' } }));
    const before = await read(id);
    const answer = await api.patch(`/themes/${id}`, { colors: { accent: 'lime' }, tokens: { two: '#333' } });
    expect(answer.body.data).toMatchObject({
      colors: { ...before.colors, accent: '#00ff00' },
      tokens: { two: '#333333' },
      version: 2,
    });
    expect((answer.body.data as Theme).tokens).not.toHaveProperty('one');
  });

  it('of whoever changes other colours at once loses none of them', async () => {
    const id = await make();
    const names = Object.keys(themeBody().colors);
    await Promise.all(names.map((name) => api.patch(`/themes/${id}`, { colors: { [name]: '#abcdef' } })));
    expect(Object.values((await read(id)).colors)).toEqual(names.map(() => '#abcdef'));
  });
});

describe('an export', () => {
  it('comes back as an equal theme, whatever is in it', async () => {
    await fc.assert(
      fc.asyncProperty(themeArbitrary, async (body) => {
        const original = await read(await make(body as never));
        const exported = await api.get(`/themes/${original.id}/export`);
        expect(exported.body.data).toMatchObject({ format: 'liveboard-theme', version: 1 });
        const imported = await api.post('/themes/import', exported.body.data);
        expect([imported.status, imported.text]).toEqual([201, imported.text]);
        const copy = imported.body.data as Theme;
        expect(copy.id).not.toBe(original.id);
        expect(contentOf(copy)).toEqual(contentOf(original));
        const again = await api.get(`/themes/${copy.id}/export`);
        expect(again.body).toEqual(exported.body);
      }),
      { numRuns: 60 },
    );
  }, 60_000);

  it.each([
    [{ version: 2 }, 'version'],
    [{ format: 'another' }, 'format'],
    [{ extra: 1 }, 'extra'],
    [{ theme: themeBody({ borderRadius: 'url(x)' }) }, 'theme.borderRadius'],
    [{ theme: { ...themeBody(), userId: 'x' } }, 'theme.userId'],
  ])('that is none is not imported: %j', async (overrides, path) => {
    const theme = { ...themeBody(), tokens: {} };
    const answer = await api.post('/themes/import', {
      format: 'liveboard-theme',
      version: 1,
      theme,
      ...overrides,
    });
    expectRefusal(path, answer, [400]);
    expect(detailPaths(answer)).toContain(path);
  });

  it('as a style sheet holds the values and nothing that a person named freely', async () => {
    const id = await make(themeBody({ name: '*/ } body { color: red', tokens: { gap: '4px' } }));
    const answer = await api.get(`/themes/${id}/export?format=css`);
    expect([answer.headers['content-type'], answer.headers['content-disposition']]).toEqual([
      'text/css; charset=utf-8',
      `attachment; filename="theme-${id}.css"`,
    ]);
    expect(answer.text.split('\n')).toEqual([
      ':root {',
      '  color-scheme: dark;',
      ...Object.entries((await read(id)).colors).map(([name, value]) => `  --${name}: ${value};`),
      '  --radius: 8px;',
      '  --gap: 4px;',
      '}',
      '',
    ]);
  });
});

describe('the active theme', () => {
  it('is none at first, then the one that was activated, then none when it is gone', async () => {
    const person = apiOf(served.port, tenant.member.token);
    const none = await person.get('/themes/active');
    expect([none.status, none.body.data]).toEqual([200, null]);
    const id = await make(themeBody(), tenant.member);
    const activated = await person.post(`/themes/${id}/activate`);
    expect([activated.status, activated.body.data]).toMatchObject([200, { activeThemeId: id }]);
    const active = await person.get('/themes/active');
    expect(active.body.data).toEqual((await person.get(`/themes/${id}`)).body.data);
    // Activating it changed the preferences and not the theme.
    expect(active.body.data).toMatchObject({ version: 1 });
    expect((await person.delete(`/themes/${id}`)).status).toBe(204);
    expect((await person.get('/themes/active')).body.data).toBeNull();
    expect((await person.get('/preferences')).body.data).toMatchObject({ activeThemeId: null });
  });

  it('answers 304 until it changes or another is', async () => {
    const [first, second] = [await make(), await make()];
    const etags = new Set<unknown>();
    const look = async () => {
      const { etag } = (await api.get('/themes/active')).headers;
      expect(etags.has(etag)).toBe(false);
      etags.add(etag);
      const again = await api.get('/themes/active', { 'If-None-Match': String(etag) });
      expect([again.status, again.text]).toEqual([304, '']);
      return String(etag);
    };
    await api.post(`/themes/${first}/activate`);
    const etag = await look();
    await api.patch(`/themes/${first}`, { name: 'Another' }, { 'If-Match': etag });
    await look();
    // Of the same version as the other was.
    await api.post(`/themes/${second}/activate`);
    await look();
  });

  it('is one of twenty that are activated at once', async () => {
    const ids = await Promise.all(Array.from({ length: 20 }, () => make()));
    const { version } = await preferences();
    const answers = await Promise.all(ids.map((id) => api.post(`/themes/${id}/activate`)));
    expect(answers.map(({ status }) => status)).toEqual(ids.map(() => 200));
    const after = await preferences();
    expect(ids).toContain(after.activeThemeId);
    expect(after.version).toBe(version + 20);
    expect((await api.get('/themes/active')).body.data).toMatchObject({ id: after.activeThemeId });
  });

  it('is never one that was deleted at the same moment', async () => {
    const ids = await Promise.all(Array.from({ length: 10 }, () => make()));
    const answers = await Promise.all(
      ids.flatMap((id) => [api.post(`/themes/${id}/activate`), api.delete(`/themes/${id}`)]),
    );
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((_, index) => index % 2)).toEqual(ids.map(() => 204));
    for (const status of statuses.filter((_, index) => index % 2 === 0)) expect([200, 404]).toContain(status);
    expect(await preferences()).toMatchObject({ activeThemeId: null });
  });

  it('is not found, whoever asked first, when it is being deleted', async () => {
    const id = await make();
    const other = new Client({ connectionString: served.databaseUrl });
    await other.connect();
    await other.query(`begin; delete from themes where id = '${id}'`);
    const asked = [api.post(`/themes/${id}/activate`), api.patch('/preferences', { activeThemeId: id })];
    await eventually('both wait for the deletion', async () => {
      const waiting = `select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`;
      return (await query(served.databaseUrl, waiting)).length === asked.length;
    });
    await other.query('commit');
    await other.end();
    expect((await Promise.all(asked)).map(({ status }) => status)).toEqual([404, 400]);
  });
});
