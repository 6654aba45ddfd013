import { statSync } from 'node:fs';
import { join } from 'node:path';
import { moveConnections } from '../../demo/business/connections';
import { HEALTH_CONNECTION_ID, SALES_CONNECTION_ID } from '../../demo/business/ids';
import { demoPassword, readDemoPassword } from '../../demo/password';
import { NOWHERE } from '../factories/audit-origin';
import { checkPassword } from '../../domain/accounts/check-password';
import { unseal } from '../../lib/secrets';
import { createPlatform, PASSWORD, type Platform } from './platform';
import { canonicalColor } from '../../domain/themes/css-color';
import { canonicalLength } from '../../domain/themes/css-length';

const SHOP = { host: '127.0.0.1', port: 5432, database: 'demo_store', user: 'reader', password: 'the first' };

const TABLES = [
  'users',
  'businesses',
  'memberships',
  'connections',
  'widgets',
  'widget_data',
  'widget_schedules',
  'dashboards',
  'dashboard_widgets',
  'agents',
  'themes',
  'preferences',
];

/** Every row of every table the seed writes. */
const rowsOf = (platform: Platform) =>
  Promise.all(
    TABLES.map((table) => platform.sql(`select to_json(t)::text as row from ${table} t order by 1`)),
  );

let platform: Platform;
beforeEach(async () => {
  platform = await createPlatform();
});
afterEach(() => platform.close());

describe('the seed', () => {
  it('makes people who can log in, with their roles', async () => {
    const people = await platform.seed();
    expect(people?.map(({ email }) => email)).toEqual([
      'admin@demo.test',
      'manager@demo.test',
      'member@demo.test',
      'viewer@demo.test',
      'operator@demo.test',
    ]);
    for (const { email, role } of people ?? []) {
      const checked = await checkPassword(platform.db, email, PASSWORD, NOWHERE);
      const found = checked.kind === 'right' ? checked.person : undefined;
      expect(found).toMatchObject({ role: role ?? null, operator: role === undefined });
      expect(found?.business?.name).toBe(role && 'Demo Store');
    }
  });

  it('changes nothing the second time', async () => {
    await platform.seed({ sales: SHOP });
    await platform.sql(
      `update businesses set name = 'Ours now'`,
      `delete from dashboards where name = 'Platform'`,
    );
    const before = await rowsOf(platform);
    expect(await platform.seed({ sales: SHOP, password: 'another password of the tests' })).toBeUndefined();
    expect(await rowsOf(platform)).toEqual(before);
  });

  it('is done once when two processes seed at once', async () => {
    const people = await Promise.all([platform.seed(), platform.seed()]);
    expect(people.filter(Boolean)).toHaveLength(1);
    expect(await platform.sql(`select count(*)::int as n from memberships`)).toEqual([{ n: 4 }]);
  });

  it('leaves nothing behind when it fails at its very last row, and works afterwards', async () => {
    await platform.sql(`
      create function refuse() returns trigger language plpgsql as $$ begin raise exception 'refused'; end $$;
      create trigger refuse before insert on agents for each row when (new.name = 'Assistant')
        execute function refuse()`);
    await expect(platform.seed({ sales: SHOP })).rejects.toThrow('refused');
    expect((await rowsOf(platform)).flat()).toEqual([]);
    await platform.sql('drop trigger refuse on agents');
    expect(await platform.seed({ sales: SHOP })).toHaveLength(5);
  });

  it('uses every widget type and every kind of source, intervals, cron and watching', async () => {
    await platform.seed({ sales: SHOP });
    const [used] = await platform.sql(`
      select array_agg(distinct type order by type) as types,
             array_agg(distinct source ->> 'kind' order by source ->> 'kind') as kinds,
             bool_or(schedule ? 'cron') as cron, bool_or(schedule ? 'everySeconds') as interval,
             array_agg(distinct refresh_when order by refresh_when) as "when"
        from widgets`);
    expect(used).toEqual({
      types: ['calendar', 'chart', 'custom', 'stats', 'table'],
      kinds: ['http', 'metric', 'push', 'sql', 'static'],
      cron: true,
      interval: true,
      when: ['always', 'watched'],
    });
    expect(await platform.sql('select name, shared from dashboards order by name')).toEqual([
      { name: 'My day', shared: false },
      { name: 'Platform', shared: true },
      { name: 'Sales', shared: true },
    ]);
  });

  it('gives two of its people themes as the API stores them, one active, and a dashboard to start on', async () => {
    await platform.seed({ sales: SHOP });
    const themes = await platform.sql('select colors, tokens, border_radius as radius from themes');
    expect(themes).toHaveLength(4);
    for (const { colors, tokens, radius } of themes) {
      const values = [
        ...Object.values(colors as object),
        ...Object.values(tokens as object),
        radius,
      ] as string[];
      for (const value of values) expect(canonicalColor(value) ?? canonicalLength(value)).toBe(value);
    }
    const people = await platform.sql(`
      select u.email, t.name as theme, d.name as dashboard
        from preferences p join users u on u.id = p.user_id join themes t on t.id = p.active_theme_id
        join dashboards d on d.id = p.default_dashboard_id order by u.email`);
    expect(people).toEqual([
      { email: 'manager@demo.test', theme: 'Evening roast', dashboard: 'Platform' },
      { email: 'member@demo.test', theme: 'Evening roast', dashboard: 'My day' },
    ]);
  });
});

describe('the connections of the demo', () => {
  const connections = async () => {
    const rows = await platform.sql('select id, config, secret, version::int from connections order by id');
    return new Map(rows.map((row) => [row.id, row]));
  };
  const move = (changes: Partial<typeof SHOP>) =>
    moveConnections(
      platform.db,
      { ...platform.seedOptions, sales: { ...SHOP, ...changes } },
      platform.seedOptions.encryptionKeys,
    );

  it('follow their other ends, and are not written where nothing moved', async () => {
    await platform.seed({ sales: SHOP });
    await move({});
    expect((await connections()).get(SALES_CONNECTION_ID)?.version).toBe(1);
    await move({ port: 6543 });
    expect((await connections()).get(SALES_CONNECTION_ID)).toMatchObject({
      version: 2,
      config: { port: 6543 },
    });
    expect((await connections()).get(HEALTH_CONNECTION_ID)?.version).toBe(1);
    await move({ port: 6543, password: 'the second' });
    const secret = String((await connections()).get(SALES_CONNECTION_ID)?.secret);
    expect(unseal(secret, platform.env.ENCRYPTION_KEYS, `connection:${SALES_CONNECTION_ID}`)).toBe(
      '{"password":"the second"}',
    );
  });

  it('stay as they are where someone pointed them elsewhere', async () => {
    await platform.seed({ sales: SHOP });
    await platform.sql(
      `update connections set config = config || '{"database": "ours"}' where kind = 'postgres'`,
    );
    await move({ port: 6543 });
    expect((await connections()).get(SALES_CONNECTION_ID)).toMatchObject({
      config: { database: 'ours', port: 5432 },
    });
  });
});

describe('the password of the demo', () => {
  it('is random, long enough, the same at every start, and for its owner only', () => {
    expect(readDemoPassword(platform.dataDir)).toBeUndefined();
    const password = demoPassword(platform.dataDir);
    expect(password.length).toBeGreaterThanOrEqual(15);
    expect(demoPassword(platform.dataDir)).toBe(password);
    expect(readDemoPassword(platform.dataDir)).toBe(password);
    expect(statSync(join(platform.dataDir, 'demo.password')).mode & 0o777).toBe(0o600);
  });
});
