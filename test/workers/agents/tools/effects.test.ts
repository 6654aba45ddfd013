import { findReport } from '../../../../domain/reports/reports';
import { runCall, summariseCall } from '../../../../workers/agents/tools/run-tool';
import { createToolWorld, type Person, type ToolWorld } from './fixture';

jest.setTimeout(60_000);

let world: ToolWorld;
let ann: Person;
let bob: Person;
beforeAll(async () => {
  world = await createToolWorld();
  const businessId = await world.addBusiness();
  ann = await world.addPerson(businessId, 'manager');
  bob = await world.addPerson(businessId);
});
afterAll(() => world.drop());

const waitingJobs = async () =>
  (await world.jobs.queues['widget-refresh'].getJobs(['waiting', 'delayed'])).map(
    ({ data }) => (data as { widgetId: string }).widgetId,
  );

describe('reporting', () => {
  interface Report {
    reportId: string;
    csv: { path: string; rows: number; truncated: boolean };
    markdown: string;
  }
  const report = async (args: object) => (await world.ask(ann, 'reporting', args)).data as Report;

  it('a table per widget as Markdown, all rows as CSV, for its person alone', async () => {
    const rows = Array.from({ length: 30 }, (_, n) => ({ region: `r${n}`, amount: n - 5 }));
    const table = await world.addShown(ann, { name: 'Sales', type: 'table', data: rows });
    const figure = await world.addShown(ann, {
      name: 'Total',
      type: 'stats',
      data: { value: 7 },
      status: 'failing',
    });
    const { reportId, csv, markdown } = await report({
      title: 'Monthly',
      notes: 'A note.',
      widgetIds: [table, figure],
    });
    expect(markdown).toMatch(
      /^# Monthly\n\nA note\.\n\n## Sales\n\n\| region \| amount \|\n\| --- \| --- \|\n\| r0 \| -5 \|/,
    );
    expect(markdown).toContain('Shown: 20 of 30 rows');
    expect(markdown).toMatch(/## Total\n\n\*Its last refresh failed.*\*\n\n\| value \|\n\| --- \|\n\| 7 \|/);
    expect(csv).toEqual({ path: `/api/v1/reports/${reportId}`, rows: 31, truncated: false });
    const stored = await findReport(world.db, ann, reportId);
    expect(stored?.title).toBe('Monthly');
    const lines = stored?.csv.split('\r\n') ?? [];
    expect(lines.slice(0, 2)).toEqual(['Widget,region,amount,value', 'Sales,r0,-5,']);
    expect(lines).toHaveLength(33);
    expect(lines[31]).toBe('Total,,,7');
    expect(await findReport(world.db, bob, reportId)).toBeUndefined();
    const stranger = await world.addPerson(await world.addBusiness(), 'admin');
    expect(await findReport(world.db, { ...stranger, userId: ann.userId }, reportId)).toBeUndefined();
  });

  it('data becomes no formula, no link, no image and no cell of its own', async () => {
    const data = [
      { '=1+1': '=HYPERLINK("http://x.test")', b: ' +1|2', c: '![x](http://x.test/?q=1)\n# y', d: '\u0000"' },
    ];
    const id = await world.addShown(ann, { name: '@SUM(A1)', type: 'table', data });
    const { reportId, markdown } = await report({ title: 'Hostile', widgetIds: [id] });
    expect(markdown).not.toMatch(/[^\\]!\\?\[|[^\\]\]\(|\n# y/);
    expect(markdown).toContain(String.raw`+1\|2`);
    const { csv } = (await findReport(world.db, ann, reportId)) ?? { csv: '' };
    expect(csv).toBe(
      `Widget,'=1+1,b,c,d\r\n'@SUM(A1),"'=HYPERLINK(""http://x.test"")",' +1|2,"![x](http://x.test/?q=1)\n# y",""""\r\n`,
    );
  });

  it('is written once where two deliveries do the same call at once', async () => {
    const id = await world.addShown(ann, { type: 'table', data: [{ n: 1 }] });
    const call = await world.addCall(ann, 'reporting');
    const asked = { name: 'reporting', arguments: JSON.stringify({ title: 'Once', widgetIds: [id] }) };
    const twin = () => runCall(world.contextOf(ann, call), ['reporting'], asked, world.finisher(ann, call));
    const outcomes = await Promise.all([twin(), twin(), twin()]);
    expect(outcomes.filter(Boolean)).toHaveLength(1);
    expect(await world.sql('select from reports where run_id = $1', [call.runId])).toHaveLength(1);
    expect(await twin()).toBeUndefined();
  });
});

describe('automation', () => {
  const summary = (person: Person, args: object) =>
    summariseCall(world.contextOf(person), ['automation'], {
      name: 'automation',
      arguments: JSON.stringify(args),
    });

  it('asks in words, refreshes once, and hands over one job after the commit', async () => {
    const widgetId = await world.addShown(ann, { name: 'Sales' });
    const args = { action: 'refresh', widgetId };
    expect(await summary(bob, args)).toEqual({ summary: 'Refresh the widget "Sales" now.' });
    expect(await waitingJobs()).not.toContain(widgetId);
    const call = await world.addCall(bob, 'automation');
    const twin = () =>
      runCall(
        world.contextOf(bob, call),
        ['automation'],
        { name: 'automation', arguments: JSON.stringify(args) },
        world.finisher(bob, call),
      );
    const outcomes = await Promise.all([twin(), twin()]);
    expect(outcomes.filter(Boolean)).toHaveLength(1);
    expect((await waitingJobs()).filter((id) => id === widgetId)).toHaveLength(1);
    const [row] = await world.sql(
      'select claim_no::int as "claimNo", again, lane from widget_schedules where widget_id = $1',
      [widgetId],
    );
    expect(row).toEqual({ claimNo: 1, again: false, lane: 'interactive' });
  });

  it('joins a refresh under way without a job of its own', async () => {
    const widgetId = await world.addShown(ann);
    for (const queued of [true, true, false]) {
      expect((await world.ask(bob, 'automation', { action: 'refresh', widgetId })).data).toMatchObject({
        queued,
      });
    }
    expect((await waitingJobs()).filter((id) => id === widgetId)).toHaveLength(1);
  });

  it('sets a schedule as the API does, and announces the widget', async () => {
    const widgetId = await world.addShown(ann, { name: 'Sales', schedule: { everySeconds: 60 } });
    const schedule = { cron: '0 9 * * *', timezone: 'Europe/Berlin' };
    const args = { action: 'set_schedule', widgetId, schedule };
    expect(await summary(ann, args)).toEqual({
      summary:
        'Change the schedule of the widget "Sales" from every 60 s to cron "0 9 * * *" (Europe/Berlin).',
    });
    expect((await world.ask(ann, 'automation', args)).data).toMatchObject({ widgetId, schedule });
    const [row] = await world.sql(
      'select schedule, due_at > now() as due from widgets join widget_schedules on id = widget_id where id = $1',
      [widgetId],
    );
    expect(row).toEqual({ schedule, due: true });
    const event = world.published.find(({ payload }) => payload.id === widgetId);
    expect(event).toMatchObject({
      rooms: [`business:${ann.businessId}`],
      event: 'widget.changed',
      payload: { schedule, version: 2, requestId: 'test', businessId: ann.businessId },
    });
    const log = await world.sql(
      `select action, actor_id as actor, before, after, request_id as "requestId" from audit_events
        where subject_id = $1`,
      [widgetId],
    );
    expect(log).toEqual([
      {
        action: 'widget.updated',
        actor: ann.userId,
        before: { schedule: { everySeconds: 60 } },
        after: { schedule },
        requestId: 'test',
      },
    ]);
    await world.ask(ann, 'automation', { ...args, schedule: null });
    const [without] = await world.sql('select due_at as due from widget_schedules where widget_id = $1', [
      widgetId,
    ]);
    expect(without).toEqual({ due: null });
  });

  it('announces nothing, and changes nothing, where the transaction fails', async () => {
    const widgetId = await world.addShown(ann);
    const call = await world.addCall(ann, 'automation');
    const finish = world.finisher(ann, call);
    const args = { action: 'set_schedule', widgetId, schedule: { everySeconds: 60 } };
    const outcome = await runCall(
      world.contextOf(ann, call),
      ['automation'],
      { name: 'automation', arguments: JSON.stringify(args) },
      (end, effect) =>
        finish(
          end,
          effect &&
            (async (trx) => {
              await effect(trx);
              throw new Error('the connection broke');
            }),
        ),
    );
    expect(outcome?.status).toBe('failed');
    expect(outcome?.result).not.toContain('connection broke');
    expect(world.published.filter(({ payload }) => payload.id === widgetId)).toEqual([]);
    expect(await world.sql('select schedule from widgets where id = $1', [widgetId])).toEqual([
      { schedule: null },
    ]);
  });

  it('what is pushed is not fetched', async () => {
    const widgetId = await world.addShown(ann, { source: { kind: 'push' } });
    expect((await world.ask(ann, 'automation', { action: 'refresh', widgetId })).error).toMatch(/pushed/);
  });
});
