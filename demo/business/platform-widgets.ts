import { health, widget, type DemoWidget } from './widget';

const ABOUT = [
  {
    what: 'Sales',
    where: 'A simulated shop in a database of its own. Nobody ordered anything; nothing was paid.',
  },
  { what: 'Latest order', where: 'Pushed by the shop at the moment the order is placed.' },
  { what: 'Host figures', where: 'This very process, polled over HTTP from its own /health.' },
  { what: 'Members and refreshes', where: 'The platform’s own figures about this business.' },
  { what: 'These lines', where: 'Stand in the widget itself.' },
];

export const PLATFORM_WIDGETS: readonly DemoWidget[] = [
  widget({
    name: 'Members online',
    type: 'stats',
    source: { kind: 'metric', metric: 'members_online', range: '1h' },
    schedule: { everySeconds: 5 },
    size: [3, 2],
  }),
  widget({
    name: 'Refreshes that went well',
    type: 'stats',
    config: { better: 'up', decimals: 1 },
    source: { kind: 'metric', metric: 'refresh_health', range: '1h' },
    schedule: { everySeconds: 10 },
    size: [3, 2],
  }),
  widget({
    name: 'Event loop lag, p99',
    type: 'stats',
    config: { unit: 'ms', decimals: 1, better: 'down' },
    source: health(`{value: eventLoop.p99Ms, unit: 'ms'}`),
    schedule: { everySeconds: 5 },
    refreshWhen: 'watched',
    size: [3, 2],
  }),
  widget({
    name: 'Memory of this process',
    type: 'stats',
    config: { format: 'bytes', better: 'down' },
    source: health('{value: memory.rssBytes}'),
    schedule: { everySeconds: 10 },
    size: [3, 2],
  }),
  widget({
    name: 'Host load',
    type: 'chart',
    config: { kind: 'bar', decimals: 2 },
    source: health(
      `{series: [{name: 'load', data: [{x: '1 min', y: load.one}, {x: '5 min', y: load.five}, {x: '15 min', y: load.fifteen}]}]}`,
    ),
    schedule: { everySeconds: 5 },
    size: [6, 4],
  }),
  widget({
    name: 'Changes of data, last hour',
    type: 'chart',
    config: { kind: 'area', x: 'at', y: ['changes'] },
    source: { kind: 'metric', metric: 'data_changes', range: '1h' },
    schedule: { everySeconds: 10 },
    refreshWhen: 'watched',
    size: [6, 4],
  }),
  widget({
    name: 'About this demo',
    type: 'table',
    config: {
      columns: [
        { key: 'what', label: 'What' },
        { key: 'where', label: 'Where it comes from' },
      ],
    },
    source: { kind: 'static', data: { rows: ABOUT } },
    schedule: null,
    ttlSeconds: null,
    size: [12, 4],
  }),
];

/** Seen by its owner alone. */
export const MEMBER_WIDGETS: readonly DemoWidget[] = [
  widget({
    name: 'My notes',
    type: 'custom',
    config: { format: 'markdown' },
    source: {
      kind: 'static',
      data: { markdown: 'Call Elbe Ceramics about the stoneware mugs.\n\nCheck the weekend deal on Friday.' },
    },
    schedule: null,
    ttlSeconds: null,
    scope: 'user',
    size: [6, 4],
  }),
];
