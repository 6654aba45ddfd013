import { runCall } from '../../../../workers/agents/tools/run-tool';
import { createToolWorld, type Person, type ToolWorld } from './fixture';

jest.setTimeout(60_000);

let world: ToolWorld;
let ann: Person;
beforeAll(async () => {
  world = await createToolWorld();
  ann = await world.addPerson(await world.addBusiness(), 'manager');
});
afterAll(() => world.drop());

const analyse = async (widgetId: string, question: object = {}) =>
  world.ask(ann, 'analysis', { widgetId, ...question });

describe('analysis', () => {
  it('a figure over its history: statistics, trend, outliers, a span of time', async () => {
    const history = [10, 12, 11, 13, 12, 100, 15].map((value) => ({ value }));
    const id = await world.addShown(ann, { type: 'stats', data: { value: 15 }, history });
    expect((await analyse(id)).data).toMatchObject({
      over: 'history',
      current: 15,
      status: 'ok',
      caution: null,
      analysed: [
        {
          column: 'value',
          missing: 0,
          statistics: {
            count: 7,
            sum: 173,
            min: { value: 10, label: '2026-01-25T12:00:00.000Z' },
            max: { value: 100, label: '2026-01-30T12:00:00.000Z' },
            mean: 24.7142857143,
            median: 12,
            standardDeviation: 33.2350933288,
            change: 5,
            changePercent: 50,
            slopePerStep: 6.85714285714,
            outliers: [{ value: 100 }],
          },
        },
      ],
    });
    const spanned = await analyse(id, { from: '2026-01-26', to: '2026-01-28T23:59:59Z' });
    expect(spanned.data).toMatchObject({ rows: 3, analysed: [{ statistics: { sum: 36 } }] });
  });

  it('a figure out of a tabular source, with all its digits as text', async () => {
    const rows = [{ name: 'a', total: '12.5' }];
    const history = [[{ name: 'a', total: '10' }], rows];
    const id = await world.addShown(ann, { type: 'stats', config: { value: 'total' }, data: rows, history });
    expect((await analyse(id)).data).toMatchObject({
      current: 12.5,
      analysed: [{ statistics: { first: { value: 10 }, last: { value: 12.5 }, changePercent: 25 } }],
    });
  });

  it('a chart series by series', async () => {
    const points = (values: (number | null)[]) =>
      values.map((y, index) => ({ x: `2026-01-0${index + 1}`, y }));
    const id = await world.addShown(ann, {
      type: 'chart',
      data: {
        series: [
          { name: 'north', data: points([1, null, 3]) },
          { name: 'south', data: points([5, 5]) },
        ],
      },
    });
    expect((await analyse(id)).data).toMatchObject({
      over: 'latest data',
      timeColumn: 'x',
      groupedBy: 'series',
      groups: [
        { group: 'north', analysed: [{ column: 'y', missing: 1, statistics: { sum: 4, slopePerStep: 2 } }] },
        { group: 'south', analysed: [{ statistics: { sum: 10, change: 0 } }] },
      ],
    });
    expect((await analyse(id, { from: '2026-01-03' })).data).toMatchObject({ rows: 1 });
  });

  it('a table by column and by group', async () => {
    const rows = [
      { region: 'north', amount: 10, note: 'x' },
      { region: 'south', amount: 20, note: 'x' },
      { region: 'north', amount: 30, note: 'y' },
      { region: 'north', amount: null, note: null },
    ];
    const columns = [{ name: 'region' }, 'amount', 'note'];
    const id = await world.addShown(ann, { type: 'table', data: { rows, columns } });
    expect((await analyse(id)).data).toMatchObject({
      columns: ['region', 'amount', 'note'],
      analysed: [
        { column: 'amount', missing: 1, statistics: { count: 3, sum: 60, max: { label: 'north' } } },
      ],
    });
    expect((await analyse(id, { groupBy: 'region', column: 'amount' })).data).toMatchObject({
      groups: [
        { group: 'north', rows: 3, analysed: [{ statistics: { sum: 40 } }] },
        { group: 'south', rows: 1, analysed: [{ statistics: { sum: 20 } }] },
      ],
    });
    expect((await analyse(id, { column: 'note' })).data).toMatchObject({
      analysed: [{ distinct: 2, missing: 1, mostFrequent: [{ value: 'x', count: 2 }, { value: 'y' }] }],
    });
    expect((await analyse(id, { column: 'toString' })).error).toBe(
      'There is no column "toString"; there is: region, amount, note.',
    );
    expect((await analyse(id, { from: '2026-01-01' })).error).toMatch(/no column of times/);
  });

  it('a calendar: how many events, and how long', async () => {
    const data = [
      { title: 'Fair', start: '2026-03-01T09:00:00Z', end: '2026-03-01T12:00:00Z' },
      { title: 'Call', start: '2026-04-01T09:00:00Z', end: '2026-04-01T10:00:00Z' },
    ];
    const id = await world.addShown(ann, { type: 'calendar', data: { events: data } });
    expect((await analyse(id)).data).toMatchObject({
      rows: 2,
      analysed: [{ column: 'hours', statistics: { sum: 4 } }],
    });
    expect((await analyse(id, { to: '2026-03-15' })).data).toMatchObject({ rows: 1 });
  });

  it.each([
    ['one thing', { a: 1, b: 'x' }, { rows: 1, analysed: [{ column: 'a', statistics: { sum: 1 } }] }],
    ['a list of numbers', [1, 2, 3], { rows: 3, analysed: [{ column: 'value', statistics: { sum: 6 } }] }],
    ['rows', [{ n: 2 }], { analysed: [{ column: 'n', statistics: { sum: 2 } }] }],
    ['text', 'just text', { rows: 1, analysed: [{ distinct: 1 }] }],
    ['an empty list', [], { rows: 0, analysed: [] }],
    ['columns of every object', [{ __proto__x: 1, constructor: 2 }], { rows: 1 }],
  ])('custom data: %s', async (_, data, expected) => {
    const id = await world.addShown(ann, { type: 'custom', data });
    expect((await analyse(id)).data).toMatchObject(expected);
  });

  it('says what is stale, failing, paused, or not there yet', async () => {
    const old = new Date(Date.now() - 3_600_000);
    const error = { code: 'http_status', message: 'The server answered 500.' };
    const cautionOf = async (widget: object) => {
      const id = await world.addShown(ann, { type: 'table', data: [{ n: 1 }], ...widget });
      return ((await analyse(id)).data as { caution: string }).caution;
    };
    expect(await cautionOf({ refreshedAt: old, ttlSeconds: 60 })).toBe(
      `The data is stale: it is from ${old.toISOString()}.`,
    );
    expect(await cautionOf({ status: 'failing', error })).toMatch(/failed \(The server answered 500\.\)/);
    expect(await cautionOf({ status: 'paused', error })).toMatch(/paused after failures/);
    expect(await cautionOf({ status: 'pending', data: null, refreshedAt: null })).toBe('It has no data yet.');
    expect(await cautionOf({})).toBeNull();
  });
});

describe('search', () => {
  const find = async (query: string, more: object = {}) => {
    const { data } = await world.ask(ann, 'search', { query, ...more });
    return (data as { hits: { kind: string; id: string; name: string; snippet: string }[] }).hits;
  };
  it('finds names, types, columns and data; words, beginnings and middles', async () => {
    const name = await world.addShown(ann, { name: 'Quarterly turnover', type: 'stats', data: { value: 1 } });
    const inData = await world.addShown(ann, {
      type: 'table',
      data: [{ warehouse: 'Zwickau', share: '50%_' }],
    });
    const idsOf = async (query: string) => (await find(query)).map(({ id }) => id);
    for (const query of ['turnover', 'TURN', 'quarterly stats', 'arterl'])
      expect(await idsOf(query)).toEqual([name]);
    for (const query of ['warehouse', 'zwick', '50%_', 'wickau'])
      expect(await idsOf(query)).toEqual([inData]);
    expect(await idsOf('zwickau -warehouse')).toEqual([]);
    expect(await idsOf('turnover or zwickau')).toEqual([name, inData]);
    expect(await idsOf("'; drop table widgets; -- & | ! ( :*")).toEqual([]);
    expect((await find('zwickau'))[0]?.snippet).toContain('Zwickau');
  });

  it('finds own conversations by what was said, once each, and not the one that asks', async () => {
    const id = await world.addConversation(ann, 'Holidays', [
      'When is the gazebo closed?',
      'The gazebo is closed on Monday.',
    ]);
    const hits = await find('gazebo');
    expect(hits).toMatchObject([{ kind: 'conversation', id, name: 'Holidays' }]);
    const deleted = await world.addConversation(ann, 'Gone', ['gazebo']);
    await world.sql('update conversations set deleted_at = now() where id = $1', [deleted]);
    expect(await find('gazebo')).toHaveLength(1);
    const call = await world.addCall(ann, 'search');
    const inside = { ...call, conversationId: id };
    const asked = { name: 'search', arguments: JSON.stringify({ query: 'gazebo' }) };
    const finish = world.finisher(ann, call);
    const outcome = await runCall(world.contextOf(ann, inside), ['search'], asked, finish);
    expect(JSON.parse(outcome?.result ?? '')).toMatchObject({ data: { hits: [] } });
    expect(await find('gazebo', { kinds: ['widget', 'dashboard'] })).toEqual([]);
  });

  it('limits and ranks: the name before the data', async () => {
    for (let n = 0; n < 4; n += 1) await world.addShown(ann, { name: `Other ${n}`, data: 'pelican' });
    const named = await world.addShown(ann, { name: 'Pelican' });
    const hits = await find('pelican', { limit: 3 });
    expect(hits).toHaveLength(3);
    expect(hits[0]?.id).toBe(named);
  });
});
