import { newId } from '../../lib/ids';
import { Replica } from '../../realtime/replica';
import { sync as syncNow } from '../../realtime/sync';
import { createWorld, type Person, type World } from './fixture';

let world: World;
let me: Person;
let colleague: Person;
beforeEach(async () => {
  world = await createWorld();
  const businessId = await world.addBusiness();
  [me, colleague] = [await world.addPerson(businessId), await world.addPerson(businessId)];
});
afterEach(() => world.drop());

const sync: typeof syncNow = async (...asked) => {
  await world.othersEnded();
  return syncNow(...asked);
};
const cursorOf = async (person: Person) => (await sync(world.db, person, undefined)).cursor;

async function addTheme({ businessId, userId }: Person, tokens: object = {}): Promise<string> {
  const id = newId();
  await world.sql(
    `insert into themes (id, business_id, user_id, name, mode, colors, tokens, border_radius)
     values ($1, $2, $3, 'A theme', 'dark', '{"primary":"#ffffff"}', $4, '8px')`,
    [id, businessId, userId, JSON.stringify(tokens)],
  );
  return id;
}

async function addPreferences({ businessId, userId }: Person, pointers: Record<string, string> = {}) {
  const id = newId();
  const row = { id, business_id: businessId, user_id: userId, ...pointers };
  const columns = Object.keys(row);
  await world.sql(
    `insert into preferences (${columns.join(', ')}) values (${columns.map((_, n) => `$${n + 1}`).join(', ')})`,
    Object.values(row),
  );
  return id;
}

it('shows one’s own themes and preferences, and nobody else’s', async () => {
  const cursor = await cursorOf(me);
  const [mine] = [await addTheme(me, { gap: '4px' }), await addTheme(colleague)];
  const [own] = [await addPreferences(me, { active_theme_id: mine }), await addPreferences(colleague)];
  const { changes } = await sync(world.db, me, cursor);
  expect(changes).toEqual([
    {
      kind: 'preferences',
      row: {
        id: own,
        userId: me.userId,
        locale: null,
        themeMode: 'system',
        activeThemeId: mine,
        activeDashboardId: null,
        defaultDashboardId: null,
        sidebar: { collapsed: false, width: 240 },
        version: 1,
        updatedAt: expect.any(String),
      },
    },
    {
      kind: 'theme',
      row: {
        id: mine,
        userId: me.userId,
        name: 'A theme',
        mode: 'dark',
        colors: { primary: '#ffffff' },
        tokens: { gap: '4px' },
        borderRadius: '8px',
        version: 1,
        createdAt: expect.any(String),
        updatedAt: expect.any(String),
      },
    },
  ]);
});

it('tells of a deleted theme, and that it is active no more; to its person alone', async () => {
  const themeId = await addTheme(me);
  const id = await addPreferences(me, { active_theme_id: themeId });
  const cursors = [await cursorOf(me), await cursorOf(colleague)];
  await world.sql('delete from themes where id = $1', [themeId]);
  expect((await sync(world.db, me, cursors[0])).changes).toEqual([
    { kind: 'preferences', row: expect.objectContaining({ id, activeThemeId: null, version: 2 }) },
    { kind: 'theme', id: themeId, deleted: true, version: 2 },
  ]);
  expect((await sync(world.db, colleague, cursors[1])).changes).toEqual([]);
});

it('tells everyone who pointed to a dashboard that is hidden or gone, and writes no dashboard for a pointer', async () => {
  const [hidden, gone] = [await world.addDashboard(colleague), await world.addDashboard(colleague)];
  const id = await addPreferences(me, { active_dashboard_id: hidden, default_dashboard_id: gone });
  const replica = new Replica();
  replica.applySync(await sync(world.db, me, undefined));
  await world.sql('update dashboards set shared = false where id = $1', [hidden]);
  await world.sql('delete from dashboards where id = $1', [gone]);
  replica.applySync(await sync(world.db, me, replica.cursor));
  expect(replica.get('preferences', id)).toMatchObject({
    activeDashboardId: null,
    defaultDashboardId: null,
    version: 3,
  });
  const owned = await world.addDashboard(me);
  replica.applySync(await sync(world.db, me, replica.cursor));
  await world.sql('update preferences set active_dashboard_id = $1', [owned]);
  const { changes } = await sync(world.db, me, replica.cursor);
  expect(changes.map(({ kind }) => kind)).toEqual(['preferences']);
});

it('buries both with the membership, and those made after it are others', async () => {
  const [themeId, id] = [await addTheme(me), await addPreferences(me)];
  const cursor = await cursorOf(me);
  await world.sql('delete from memberships where user_id = $1', [me.userId]);
  await world.sql(`insert into memberships (id, business_id, user_id, role) values ($1, $2, $3, 'member')`, [
    newId(),
    me.businessId,
    me.userId,
  ]);
  const next = await addPreferences(me);
  const { changes } = await sync(world.db, me, cursor);
  expect(changes.filter(({ kind }) => kind !== 'member')).toEqual([
    { kind: 'preferences', row: expect.objectContaining({ id: next, version: 1 }) },
    { kind: 'theme', id: themeId, deleted: true, version: 2 },
    { kind: 'preferences', id, deleted: true, version: 2 },
  ]);
});

it('is a reset where the themes together are more than one answer holds', async () => {
  const cursor = await cursorOf(me);
  const tokens = Object.fromEntries(
    Array.from({ length: 500 }, (_, n) => [
      `${'token-'.repeat(9)}${n}`,
      'oklch(0.1234 0.1234 123.4567 / 0.5)',
    ]),
  );
  for (let count = 0; count < 5; count += 1) await addTheme(me, tokens);
  expect((await sync(world.db, me, cursor)).reset).toBeUndefined();
  for (let count = 0; count < 10; count += 1) await addTheme(me, tokens);
  expect(await sync(world.db, me, cursor)).toMatchObject({ reset: true, changes: [] });
});
