import { Client } from 'pg';
import { z } from 'zod';
import { dashboardBody, placeOf, widgetBody } from '../../factories/bodies';
import { createTenant, type Tenant } from '../../factories/tenant';
import { eventually } from '../../support/eventually';
import { query } from '../../support/postgres';
import { apiOf, detailPaths, type Api, type ApiAnswer } from '../http/api';
import { expectRefusal } from '../http/expect-refusal';
import { JWT_SECRET, serve, type Served } from '../serve';
import { createThing } from './things';

type JsonSchema = Parameters<typeof z.fromJSONSchema>[0];

interface Data {
  data: unknown;
  version: number;
  status: string;
  refreshedAt: string | null;
  stale: boolean;
}

let served: Served;
let tenant: Tenant;
let api: Api;
beforeAll(async () => {
  served = await serve();
  tenant = await createTenant({ db: served.db, secrets: [JWT_SECRET] });
  api = apiOf(served.port, tenant.manager.token);
});
afterAll(() => served.close());

const widget = (overrides: object = {}) =>
  createThing(served.port, tenant.manager, '/widgets', widgetBody({ ...overrides }));
const dataOf = ({ body }: ApiAnswer) => body.data as Data;
const push = (id: string, data: unknown) => api.post(`/widgets/${id}/data`, { data });

describe('pushed data', () => {
  it('is what the widget shows, and the same again is nothing new', async () => {
    const id = await widget({ type: 'stats' });
    expect(dataOf(await api.get(`/widgets/${id}/data`))).toMatchObject({
      data: null,
      version: 1,
      status: 'pending',
      stale: true,
    });
    const first = dataOf(await push(id, { value: 7 }));
    expect(first).toMatchObject({ data: { value: 7 }, version: 2, status: 'ok', stale: false });
    const read = await api.get(`/widgets/${id}/data`);
    expect(dataOf(read)).toEqual(first);
    const again = dataOf(await push(id, { value: 7 }));
    expect(again.version).toBe(2);
    expect(Date.parse(again.refreshedAt ?? '')).toBeGreaterThan(Date.parse(first.refreshedAt ?? ''));
    const held = { 'If-None-Match': String(read.headers.etag) };
    expect((await api.get(`/widgets/${id}/data`, held)).status).toBe(304);
    await push(id, { value: 8 });
    expect(dataOf(await api.get(`/widgets/${id}/data`, held))).toMatchObject({
      data: { value: 8 },
      version: 3,
    });
  });

  it('fits the widget’s type, or changes nothing', async () => {
    const id = await widget({ type: 'chart' });
    const answer = await push(id, { series: [{ name: 'A', data: [{ x: 1, y: 'high' }] }] });
    expectRefusal('a misfit', answer, [400]);
    expect(detailPaths(answer)).toEqual(['data.series.0.data.0.y']);
    expect(dataOf(await api.get(`/widgets/${id}/data`))).toMatchObject({ data: null, version: 1 });
  });

  it('is for widgets whose source is push, and nothing else refreshes those', async () => {
    expect.hasAssertions();
    const fetched = await widget({ source: { kind: 'static', data: 1 } });
    expectRefusal('pushing', await push(fetched, 2), [409]);
    const pushed = await widget();
    expectRefusal('refreshing', await api.post(`/widgets/${pushed}/refresh`), [409]);
  });

  it('has a history that is read page by page', async () => {
    const id = await widget();
    for (const value of [1, 2, 3, 4, 5]) await push(id, value);
    const seen: unknown[] = [];
    const pages: number[] = [];
    for (let before: string | null | undefined = ''; before !== null && pages.length < 9;) {
      const { body }: ApiAnswer = await api.get(
        `/widgets/${id}/history?limit=2${before && `&before=${before}`}`,
      );
      const rows = body.data as { data: unknown }[];
      seen.push(...rows.map(({ data }) => data));
      pages.push(rows.length);
      // New data does not move what is still to be read.
      await push(id, `later ${pages.length}`);
      before = body.meta?.nextBefore;
    }
    expect(seen).toEqual([5, 4, 3, 2, 1]);
    expect(pages).toEqual([2, 2, 1]);
  });
});

describe('stale data', () => {
  const claims = async (id: string) => {
    const rows = await query(
      served.databaseUrl,
      `select claim_no::int as "claimNo", again from widget_schedules where widget_id = '${id}'`,
    );
    return rows[0] as { claimNo: number; again: boolean };
  };
  const waiting = async () =>
    (await served.jobs.queues['widget-refresh'].getJobCounts('waiting')).waiting ?? 0;
  /** A widget that was refreshed an hour ago, with nothing under way. */
  async function stale(set = '') {
    const before = await waiting();
    const id = await widget({ source: { kind: 'static', data: 1 }, ttlSeconds: 60 });
    await eventually('its first job waits', async () => (await waiting()) === before + 1);
    await query(
      served.databaseUrl,
      `update widget_schedules set claimed_at = null, lease_until = null, again = false, due_at = null,
              refreshed_at = now() - interval '1 hour' ${set} where widget_id = '${id}'`,
      `update widget_data set status = 'ok', data = '1' where widget_id = '${id}'`,
    );
    return id;
  }

  it('comes at once and starts one refresh, whoever asks', async () => {
    const id = await stale();
    const before = await waiting();
    const answers = await Promise.all(Array.from({ length: 20 }, () => api.get(`/widgets/${id}/data`)));
    for (const answer of answers) {
      expect([answer.status, dataOf(answer)]).toMatchObject([200, { data: 1, status: 'ok', stale: true }]);
    }
    expect((await claims(id)).claimNo).toBe(2);
    expect((await waiting()) - before).toBe(1);
  });

  it('of a paused widget starts none', async () => {
    const id = await stale(', paused_at = now()');
    expect(dataOf(await api.get(`/widgets/${id}/data`))).toMatchObject({ data: 1, stale: true });
    expect((await claims(id)).claimNo).toBe(1);
  });

  it('is asked for anew on demand: once now, and at most once after', async () => {
    const id = await stale();
    const member = apiOf(served.port, tenant.member.token);
    const asked = [];
    for (let time = 0; time < 4; time += 1) asked.push(await member.post(`/widgets/${id}/refresh`));
    expect(asked.map(({ status, body }) => [status, body.data])).toEqual(
      [true, true, false, false].map((queued) => [202, { widgetId: id, queued }]),
    );
    expect(await claims(id)).toEqual({ claimNo: 2, again: true });
  });
});

describe('GET /widget-types', () => {
  const SHOWN: Record<string, { config: [object, object]; data: [unknown, unknown] }> = {
    stats: { config: [{ decimals: 2 }, { decimals: 'two' }], data: [{ value: 1 }, { value: true }] },
    chart: { config: [{ kind: 'bar' }, { kind: 'cube' }], data: [{ series: [] }, { series: 1 }] },
    table: { config: [{ pageSize: 10 }, { pageSize: 0 }], data: [[{ a: 1 }], [1]] },
    calendar: { config: [{ view: 'week' }, { view: 'decade' }], data: [[], { events: [{ title: 1 }] }] },
  };

  it('gives JSON Schemas that compile and say what the API says', async () => {
    const types = (await api.get('/widget-types')).body.data as {
      type: string;
      configSchema: JsonSchema;
      dataSchema: JsonSchema;
    }[];
    expect(types.map(({ type }) => type)).toEqual([...Object.keys(SHOWN), 'custom']);
    for (const { type, configSchema, dataSchema } of types.slice(0, -1)) {
      const [config, data] = [z.fromJSONSchema(configSchema), z.fromJSONSchema(dataSchema)];
      const shown = SHOWN[type] as (typeof SHOWN)[string];
      for (const [index, status] of [201, 400].entries()) {
        expect([type, config.safeParse(shown.config[index]).success]).toEqual([type, status === 201]);
        const made = await api.post('/widgets', widgetBody({ type, config: shown.config[index] }));
        expect([type, made.status]).toEqual([type, status]);
      }
      const id = await widget({ type });
      for (const [index, status] of [200, 400].entries()) {
        expect([type, data.safeParse(shown.data[index]).success]).toEqual([type, status === 200]);
        expect([type, (await push(id, shown.data[index])).status]).toEqual([type, status]);
      }
    }
  });
});

describe('what is deleted while it is referred to', () => {
  /** Deletes a row and commits only once `request` waits for it. */
  async function whileDeleting(
    table: string,
    id: string,
    request: () => Promise<ApiAnswer>,
  ): Promise<ApiAnswer> {
    const client = new Client({ connectionString: served.databaseUrl });
    await client.connect();
    await client.query(`begin; delete from ${table} where id = '${id}'`);
    const answer = request();
    await eventually('the request waits', async () => {
      const rows = await query(
        served.databaseUrl,
        `select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`,
      );
      return rows.length > 0;
    });
    await client.query('commit');
    await client.end();
    return answer;
  }

  it('is a conflict, and nothing is written', async () => {
    const id = await widget();
    const body = dashboardBody({ layout: [placeOf(id)] });
    const answer = await whileDeleting('widgets', id, () => api.post('/dashboards', body));
    expectRefusal('a dashboard', answer, [409]);
    expect((await api.get(`/dashboards?search=${encodeURIComponent(body.name)}`)).body.data).toEqual([]);
  });

  it('is gone for who pushes into it', async () => {
    expect.hasAssertions();
    const id = await widget();
    expectRefusal('a push', await whileDeleting('widgets', id, () => push(id, 1)), [404]);
  });
});
