import { sourceSchema } from '../../../domain/widgets/source-schemas';
import { isFetched } from '../../../domain/widgets/fetched-kinds';
import {
  checkWidgetConfig,
  checkWidgetData,
  describeMisfit,
  describeWidgetTypes,
  WIDGET_TYPES,
  type WidgetType,
} from '../../../domain/widgets/types';

const rows = [
  { day: '2024-05-01', revenue: 12, orders: 3 },
  { day: '2024-05-02', revenue: null, orders: 4 },
];
const sqlData = { columns: [{ name: 'day', type: 'date' }], rows, truncated: false };

describe('widget config', () => {
  test.each(WIDGET_TYPES)('%s does without one', (type) => {
    expect(checkWidgetConfig(type, {})).toEqual([]);
  });

  test.each<[WidgetType, unknown]>([
    ['stats', { label: 'Revenue', format: 'currency', currency: 'EUR', value: 'revenue' }],
    ['chart', { kind: 'bar', x: 'day', y: ['revenue'], stacked: true }],
    ['table', { columns: [{ key: 'day', label: 'Day', format: 'date' }], pageSize: 20 }],
    ['calendar', { view: 'week', title: 'day', start: 'day' }],
    ['custom', { anything: { at: ['all'] } }],
  ])('%s takes %j', (type, config) => {
    expect(checkWidgetConfig(type, config)).toEqual([]);
  });

  test.each<[WidgetType, unknown, string]>([
    ['stats', { currency: 'euro' }, 'config.currency'],
    ['stats', { colour: 'red' }, 'config'],
    ['chart', { kind: 'hologram' }, 'config.kind'],
    ['chart', { y: 'revenue' }, 'config.y'],
    ['table', { columns: [{ label: 'Day' }] }, 'config.columns.0.key'],
    ['calendar', { view: 'decade' }, 'config.view'],
    ['custom', 7, 'config'],
    ['custom', { text: 'x'.repeat(40_000) }, 'config'],
  ])('%s refuses a wrong config, %#', (type, config, path) => {
    expect(checkWidgetConfig(type, config).map((detail) => detail.path)).toEqual([path]);
  });
});

describe('widget data', () => {
  test.each<[WidgetType, unknown]>([
    ['stats', 42],
    ['stats', '12345678901234567890.12'],
    ['stats', { value: 42, previous: 40, change: 0.05, trend: [1, null, '3'], unit: '€', from: 'anywhere' }],
    ['stats', { value: null }],
    ['stats', sqlData],
    [
      'chart',
      {
        series: [
          {
            name: 'a',
            data: [
              { x: 'May', y: 1 },
              { x: 2, y: null },
            ],
          },
        ],
      },
    ],
    ['chart', { series: [] }],
    ['chart', sqlData],
    ['chart', rows],
    ['table', sqlData],
    ['table', rows],
    ['table', { rows: [], columns: ['day'] }],
    ['calendar', { events: [{ title: 'Fair', start: '2024-05-01', end: null }] }],
    ['calendar', [{ title: 'Fair', start: '2024-05-01T10:00:00+02:00' }]],
    ['calendar', sqlData],
    ['custom', null],
    ['custom', 'text'],
  ])('%s shows %j', (type, data) => {
    expect(checkWidgetData(type, data)).toEqual([]);
  });

  test.each<[WidgetType, unknown, string, string]>([
    ['stats', {}, 'data.value', 'is missing'],
    ['stats', { value: 'many' }, 'data.value', ''],
    ['stats', true, 'data', ''],
    ['stats', { value: 1, trend: ['up'] }, 'data.trend.0', ''],
    ['chart', { value: 1 }, 'data.series', 'is missing'],
    ['chart', { series: [{ data: [] }] }, 'data.series.0.name', 'is missing'],
    ['chart', { series: [{ name: 'a', data: [{ x: 1 }] }] }, 'data.series.0.data.0.y', 'is missing'],
    ['table', { rows: 'none' }, 'data.rows', ''],
    ['table', [1, 2], 'data.0', ''],
    ['table', 3, 'data', ''],
    ['calendar', { events: [{ title: 'Fair', start: 'soon' }] }, 'data.events.0.start', ''],
    ['custom', undefined, 'data', 'is missing'],
  ])('%s refuses %j at %s', (type, data, path, message) => {
    const [first] = checkWidgetData(type, data);
    expect(first?.path).toBe(path);
    expect(first?.message).toContain(message);
  });

  test('says which column the config names in vain', () => {
    const config = { x: 'day', y: ['revenue', 'profit'] };
    expect(checkWidgetData('chart', sqlData, config)).toEqual([
      { path: 'data', message: 'has no column "profit" (config.y)' },
    ]);
    expect(checkWidgetData('chart', { rows: [] }, config)).toEqual([]);
  });

  test('is at most 1 MB of JSON, for every type', () => {
    for (const type of WIDGET_TYPES) {
      expect(checkWidgetData(type, [{ text: 'x'.repeat(1_048_576) }])[0]?.message).toContain(
        'at most 1048576',
      );
    }
    expect(checkWidgetData('custom', 'x'.repeat(1_048_574))).toEqual([]);
  });

  test('tells a limited number of problems', () => {
    expect(
      checkWidgetData(
        'table',
        Array.from({ length: 1_000 }, () => 1),
      ),
    ).toHaveLength(20);
  });

  test('is described in one line', () => {
    expect(describeMisfit('stats', checkWidgetData('stats', {}))).toBe(
      "The source's data doesn't fit a stats widget: value is missing.",
    );
    expect(describeMisfit('table', checkWidgetData('table', 3))).toBe(
      "The source's data doesn't fit a table widget: the data expected object, received number.",
    );
  });
});

test('every type is described by JSON Schemas', () => {
  const described = describeWidgetTypes();
  expect(described.map(({ type }) => type)).toEqual([...WIDGET_TYPES]);
  for (const { configSchema, dataSchema } of described) {
    expect(configSchema.$schema).toContain('2020-12');
    expect(JSON.parse(JSON.stringify(dataSchema))).toEqual(dataSchema);
  }
  expect(described[1]?.configSchema).toMatchObject({ properties: { kind: { default: 'line' } } });
});

test('push is the one source that is not fetched', () => {
  expect(isFetched(sourceSchema.parse({ kind: 'push' }))).toBe(false);
  expect(isFetched(sourceSchema.parse({ kind: 'static', data: 1 }))).toBe(true);
});
