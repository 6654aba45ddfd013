import { BUSINESS_ID } from '../../demo/business/ids';
import { SALES_WIDGETS } from '../../demo/business/sales-widgets';
import { pushToDemoWidgets } from '../../demo/feed/push';
import { demoPassword } from '../../demo/password';
import { ApiError, createApi, type Api, type Tokens } from '../../demo/watch/api';
import { watchLive } from '../../demo/watch/live';
import { watchOptions } from '../../demo/watch/options';
import { createPrinter } from '../../demo/watch/printer';
import { openSession } from '../../demo/watch/session';
import { describeData } from '../../demo/watch/value';
import { StartupError } from '../../lib/errors';
import { businessRoom } from '../../realtime/rooms';
import { eventually } from '../support/eventually';
import { createPlatform, PASSWORD } from './platform';

describe('the terminal watcher', () => {
  it('tells what changes, comes back by itself, and is in sync again', async () => {
    const platform = await createPlatform();
    // The shop's database is not read here: what its widgets show is pushed.
    await platform.seed({
      sales: { host: '127.0.0.1', port: 1, database: 'none', user: 'nobody', password: 'none' },
    });
    await platform.listen();
    const lines: string[] = [];
    const printer = createPrinter((line) => lines.push(line), false);
    const api = createApi(platform.baseUrl);
    const session = await openSession(api, 'manager@demo.test', PASSWORD);
    const live = watchLive({ url: platform.baseUrl, api, session, printer });
    const said = (pattern: RegExp) =>
      eventually(String(pattern), () => lines.some((line) => pattern.test(line))).catch(() => {
        throw new Error(`Not said: ${pattern}\n${lines.join('\n')}`);
      });
    try {
      await said(/loaded 2 dashboards, 18 widgets/);
      await said(/Marco Mancini +joined Platform/);

      await pushToDemoWidgets(platform.db, platform.publish, { number: 1, country: 'DE' });
      await said(/Latest order +number 1, country DE +v\d+ +\d+ ms/);

      platform.broker.rooms.disconnect([businessRoom(BUSINESS_ID)]);
      await said(/connection lost/);
      await pushToDemoWidgets(platform.db, () => undefined, { number: 2 });
      await said(/in sync: [1-9]\d* changes/);
      await pushToDemoWidgets(platform.db, platform.publish, { number: 3 });
      await said(/Latest order +number 3/);
      expect(lines.filter((line) => / number 2/.test(line))).toEqual([]);
    } finally {
      live.close();
      await platform.close();
    }
  });
});

describe('its login', () => {
  const tokensOf = (number: number): Tokens => ({
    accessToken: `access ${number}`,
    refreshToken: `refresh ${number}`,
    expiresIn: 600,
  });
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  const fakeApi = (refresh: Api['refresh']) => {
    const login = jest.fn(() => Promise.resolve(tokensOf(0)));
    return { login, api: { login, refresh } as unknown as Api };
  };

  it('is renewed before it runs out, with one refresh however many ask', async () => {
    const refresh = jest.fn(() => Promise.resolve(tokensOf(1)));
    const { api } = fakeApi(refresh);
    const session = await openSession(api, 'someone', 'a password');
    const renewed: string[] = [];
    session.onRenewed((token) => renewed.push(token));
    expect(await session.accessToken()).toBe('access 0');
    await jest.advanceTimersByTimeAsync(9 * 60_000);
    expect(renewed).toEqual(['access 1']);
    session.close();
    // The machine slept.
    jest.setSystemTime(Date.now() + 3_600_000);
    expect(await Promise.all([session.accessToken(), session.accessToken()])).toEqual([
      'access 1',
      'access 1',
    ]);
    expect(refresh).toHaveBeenCalledTimes(2);
    session.close();
  });

  it('begins anew where the server has ended it', async () => {
    const { api, login } = fakeApi(() => Promise.reject(new ApiError(401, 'ended')));
    const session = await openSession(api, 'someone', 'a password');
    await jest.advanceTimersByTimeAsync(9 * 60_000);
    expect(login).toHaveBeenCalledTimes(2);
    session.close();
  });
});

describe('its options', () => {
  const noData = { DATA_DIR: '/nowhere' };

  it('are those of the demo’s manager on this machine unless others are given', async () => {
    const platform = await createPlatform();
    const password = demoPassword(platform.dataDir);
    expect(watchOptions(['demo/watch'], { DATA_DIR: platform.dataDir, PORT: '3001' })).toEqual({
      url: 'http://localhost:3001',
      email: 'manager@demo.test',
      password,
    });
    await platform.close();
    const args = ['--url', 'https://boards.example/', '--email', 'a@b.example', '--password', 'given'];
    expect(watchOptions(args, noData)).toEqual({
      url: 'https://boards.example',
      email: 'a@b.example',
      password: 'given',
    });
  });

  it.each([
    ['an unknown option', ['--colour'], /--colour/],
    ['a word too much', ['manager'], /"manager" is not an option/],
    ['no URL', ['--url', 'nonsense', '--password', 'x'], /not a URL/],
    ['no password to be found', [], /password is not known/],
  ])('refuse %s in one line', (_, args, message) => {
    expect(() => watchOptions(args, noData)).toThrow(StartupError);
    expect(() => watchOptions(args, noData)).toThrow(message);
  });
});

describe('a widget’s data in a few words', () => {
  const euro = { format: 'currency', currency: 'EUR', decimals: 2, value: 'revenue', previous: 'before' };

  it.each([
    ['stats', euro, { rows: [{ revenue: 1234.5, before: 987.6 }] }, '€1,234.50 (+25.0 %)'],
    ['stats', euro, { rows: [{ revenue: 10, before: 0 }] }, '€10.00 (was 0)'],
    ['stats', { unit: 'ms' }, { value: 3.456 }, '3.46 ms'],
    ['stats', {}, { value: null }, 'none'],
    ['stats', {}, 7, '7'],
    ['stats', { format: 'bytes' }, { value: 2_097_152 }, '2.0 MB'],
    [
      'chart',
      { x: 'hour', y: ['orders'] },
      { rows: Array.from({ length: 24 }, (_, hour) => ({ hour, orders: 2 * hour })) },
      '24 points, last 46',
    ],
    [
      'chart',
      { x: 'stage', y: ['orders'] },
      {
        rows: [
          { stage: 'new', orders: 3 },
          { stage: 'packing', orders: 40 },
        ],
      },
      'new: 3, packing: 40',
    ],
    ['chart', { decimals: 1 }, { series: [{ name: 'load', data: [{ x: '1 min', y: 0.25 }] }] }, '1 min: 0.3'],
    ['table', {}, { rows: [{ a: 1 }] }, 'table, 1 row'],
    ['table', {}, [{ a: 1 }, { a: 2 }], 'table, 2 rows'],
    ['calendar', {}, { events: [{ title: 'x', start: '2026-01-01' }] }, '1 event'],
    ['custom', {}, { number: 7, total: 9.5, lines: [1] }, 'number 7, total 9.5'],
    ['custom', {}, [1, 2], '[1,2]'],
    ['table', {}, null, 'no data yet'],
  ] as const)('%s %j: %j', (type, config, data, words) => {
    expect(describeData({ type, config: { ...config } }, data)).toBe(words);
  });

  it('is found for every widget of the demo, also before there is data', () => {
    for (const widget of SALES_WIDGETS) expect(describeData(widget, null)).toBe('no data yet');
  });
});
