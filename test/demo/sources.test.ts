import { demoAllowHosts, startDemoStore } from '../../demo';
import { PLATFORM_WIDGETS, MEMBER_WIDGETS } from '../../demo/business/platform-widgets';
import { SALES_WIDGETS } from '../../demo/business/sales-widgets';
import type { DemoWidget } from '../../demo/business/widget';
import { BUSINESS_ID } from '../../demo/business/ids';
import { startOrderFeed } from '../../demo/feed/order-feed';
import { pushToDemoWidgets } from '../../demo/feed/push';
import { scheduleSchema } from '../../domain/refresh/schedule';
import { sourceSchema } from '../../domain/widgets/source-schemas';
import { checkWidgetConfig, checkWidgetData } from '../../domain/widgets/types';
import type { ServerEvents } from '../../realtime/events';
import { createSources } from '../../workers/sources';
import { openConnection } from '../../workers/sources/open-connection';
import type { SourceRegistry } from '../../workers/sources/registry';
import { eventually } from '../support/eventually';
import { createPlatform, type Platform } from './platform';

const WIDGETS: readonly DemoWidget[] = [...SALES_WIDGETS, ...PLATFORM_WIDGETS, ...MEMBER_WIDGETS];
const FETCHED = WIDGETS.filter(({ source }) => source.kind !== 'push');

/** Starting and filling a second PostgreSQL, ms. */
const START_LIMIT_MS = 120_000;

let platform: Platform;
let storeUrl: string;
let sources: SourceRegistry;
beforeAll(async () => {
  platform = await createPlatform();
  const store = await startDemoStore(platform);
  // Read by the sources through env(), whose first use is still to come.
  process.env.ALLOW_PRIVATE_HOSTS = demoAllowHosts(platform.env, store).join(',');
  storeUrl = store.ownerUrl;
  await platform.seed({ sales: store.sales });
  await platform.listen();
  sources = createSources(platform.db);
}, START_LIMIT_MS);
afterAll(async () => {
  await sources.close();
  await platform.close();
});

/** As a worker does it: the stored source with the stored connection. */
async function fetchByName(name: string): Promise<unknown> {
  const [row] = await platform.sql(
    `select w.source, to_json(c) as connection from widgets w left join connections c on c.id = w.connection_id
      where w.name = '${name}'`,
  );
  return sources.fetch(sourceSchema.parse(row?.source), {
    businessId: BUSINESS_ID,
    requestId: 'test',
    signal: AbortSignal.timeout(15_000),
    connection: row?.connection
      ? openConnection(row.connection as never, platform.env.ENCRYPTION_KEYS)
      : undefined,
  });
}

describe('the widgets of the demo', () => {
  it.each(WIDGETS.map((widget) => [widget.name, widget] as const))(
    '%s could have been made over REST',
    (_, widget) => {
      expect(sourceSchema.parse(widget.source)).toEqual(widget.source);
      expect(scheduleSchema.nullable().parse(widget.schedule)).toEqual(widget.schedule);
      expect(checkWidgetConfig(widget.type, widget.config)).toEqual([]);
    },
  );

  it.each(FETCHED.map((widget) => [widget.name, widget] as const))(
    '%s has data that fits it',
    async (name, widget) => {
      const data = await fetchByName(name);
      expect(checkWidgetData(widget.type, data, widget.config)).toEqual([]);
      // A path that a source does not have gives null, which fits many widgets and shows nothing.
      expect(JSON.stringify(data)).not.toContain('"value":null');
      expect(JSON.stringify(data)).not.toContain('"y":null');
      expect(data).not.toHaveProperty('rows.length', 0);
    },
  );
});

describe('the order feed', () => {
  it('pushes the newest order, and tells everyone in the business', async () => {
    const told: ServerEvents['widget.updated'][] = [];
    const publish = (rooms: readonly string[], event: string, payload: unknown) => {
      expect([rooms, event]).toEqual([[`business:${BUSINESS_ID}`], 'widget.updated']);
      told.push(payload as ServerEvents['widget.updated']);
    };
    const feed = startOrderFeed({
      storeUrl,
      logger: platform.logger,
      onOrder: (order) => pushToDemoWidgets(platform.db, publish, order),
    });
    await eventually('an order is pushed', () => told.length > 0);
    await feed.stop();
    const [row] = await platform.sql(
      `select d.status, d.data from widget_data d join widgets w on w.id = d.widget_id where w.name = 'Latest order'`,
    );
    expect(row).toEqual({ status: 'ok', data: told.at(-1)?.data });
    expect(row?.data).toMatchObject({
      currency: 'EUR',
      number: expect.any(Number),
      lines: expect.any(Array),
    });
  });
});
