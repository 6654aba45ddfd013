import { sync as syncNow } from '../../realtime/sync';
import { newId } from '../../lib/ids';
import type { SyncAnswer } from '../../realtime/sync/changes';
import { createWorld, type Person, type World } from './fixture';
import { withDatabase, query } from '../support/postgres';
import { openDatabase } from '../../db/database';

let world: World;
beforeAll(async () => {
  world = await createWorld();
});
afterAll(() => world.drop());

const sync: typeof syncNow = async (...asked) => {
  await world.othersEnded();
  return syncNow(...asked);
};
const cursorOf = async (person: Person) => (await sync(world.db, person, undefined)).cursor;

/** What an answer says, short: `kind id` and `-kind id`. */
const summary = (answer: SyncAnswer) =>
  answer.changes
    .map((change) => {
      if ('deleted' in change) return `-${change.kind} ${change.id}`;
      const { row } = change;
      return `${change.kind} ${'id' in row ? row.id : 'widgetId' in row ? row.widgetId : row.userId}`;
    })
    .sort();

async function team() {
  const businessId = await world.addBusiness();
  const [me, colleague] = [await world.addPerson(businessId), await world.addPerson(businessId)];
  return { businessId, me, colleague };
}

describe('a sync', () => {
  it('without a cursor is a reset with the cursor to go on from', async () => {
    const { me } = await team();
    const first = await sync(world.db, me, undefined);
    expect(first).toEqual({ reset: true, changes: [], cursor: expect.any(String) });
    const widgetId = await world.addWidget(me);
    const second = await sync(world.db, me, first.cursor);
    expect(second.reset).toBeUndefined();
    expect(summary(second)).toEqual([`widget ${widgetId}`, `widgetData ${widgetId}`]);
    expect((await sync(world.db, me, second.cursor)).changes).toEqual([]);
  });

  it('shows what this person may see, and of the rest nothing', async () => {
    const { me, colleague } = await team();
    const stranger = await world.addPerson(await world.addBusiness());
    const cursor = await cursorOf(me);
    const mine = await world.addWidget(me, { scope: 'user' });
    const theirs = await world.addWidget(colleague, { scope: 'user' });
    await world.addWidget(stranger);
    const shared = await world.addDashboard(colleague, { shared: true });
    const hidden = await world.addDashboard(colleague, { shared: false });
    const own = await world.addDashboard(me, { shared: false });
    await world.addDashboard(stranger, { shared: true });
    const notifications = new Map<string, string>();
    for (const to of [me, colleague]) {
      const id = newId();
      notifications.set(to.userId, id);
      await world.sql(
        `insert into notifications (id, business_id, user_id, type, title, body) values ($1, $2, $3, 'x', 'x', '')`,
        [id, to.businessId, to.userId],
      );
    }
    expect(summary(await sync(world.db, me, cursor))).toEqual(
      [
        `widget ${mine}`,
        `widgetData ${mine}`,
        `dashboard ${shared}`,
        `dashboard ${own}`,
        `notification ${notifications.get(me.userId)}`,
      ].sort(),
    );
    // Deleting what was never visible is not told either.
    const later = await cursorOf(me);
    await world.sql('delete from widgets where id = any($1)', [[mine, theirs]]);
    await world.sql('delete from dashboards where id = any($1)', [[shared, hidden]]);
    await world.sql('delete from notifications where business_id = $1', [me.businessId]);
    expect(summary(await sync(world.db, me, later))).toEqual(
      [`-widget ${mine}`, `-dashboard ${shared}`, `-notification ${notifications.get(me.userId)}`].sort(),
    );
  });

  it('tells what became visible or invisible by a change', async () => {
    const { me, colleague } = await team();
    const widgetId = await world.addWidget(colleague, { scope: 'business' });
    const dashboardId = await world.addDashboard(colleague, { shared: true });
    let cursor = await cursorOf(me);
    const change = async (text: string) => {
      await world.sql(text, [text.includes('widgets') ? widgetId : dashboardId]);
      const answer = await sync(world.db, me, cursor);
      cursor = answer.cursor;
      return summary(answer);
    };
    expect(await change(`update widgets set scope = 'user' where id = $1`)).toEqual([`-widget ${widgetId}`]);
    // Its data was not written, and comes all the same.
    expect(await change(`update widgets set scope = 'business' where id = $1`)).toEqual([
      `widget ${widgetId}`,
      `widgetData ${widgetId}`,
    ]);
    expect(await change('update dashboards set shared = false where id = $1')).toEqual([
      `-dashboard ${dashboardId}`,
    ]);
    expect(await change('update dashboards set shared = true where id = $1')).toEqual([
      `dashboard ${dashboardId}`,
    ]);
  });

  it('tells of members who came, changed their name, went and came back, each time with a newer version', async () => {
    const { me, businessId } = await team();
    const versions: number[] = [];
    let cursor = await cursorOf(me);
    const other = await world.addPerson(businessId);
    const look = async () => {
      const answer = await sync(world.db, me, cursor);
      cursor = answer.cursor;
      const [change] = answer.changes;
      versions.push(change && 'deleted' in change ? change.version : (change?.row.version ?? 0));
      return summary(answer);
    };
    expect(await look()).toEqual([`member ${other.userId}`]);
    await world.sql(`update users set name = 'Another' where id = $1`, [other.userId]);
    expect(await look()).toEqual([`member ${other.userId}`]);
    await world.sql('delete from memberships where user_id = $1', [other.userId]);
    expect(await look()).toEqual([`-member ${other.userId}`]);
    await world.sql(
      `insert into memberships (id, business_id, user_id, role) values (gen_random_uuid(), $1, $2, 'viewer')`,
      [businessId, other.userId],
    );
    expect(await look()).toEqual([`member ${other.userId}`]);
    expect(versions).toEqual([1, 2, 3, 4]);
  });

  it('misses nothing that was in flight when the cursor was made', async () => {
    const { me, businessId } = await team();
    const cursors: string[] = [];
    const id = newId();
    await world.sql('begin');
    await world.sql(
      `insert into dashboards (id, business_id, owner_id, name, shared) values ($1, $2, $3, 'x', true)`,
      [id, businessId, me.userId],
    );
    // Written, not committed: these cursors lie after the write and before what it becomes.
    cursors.push(await cursorOf(me));
    await world.addSession(me);
    cursors.push(await cursorOf(me));
    await world.sql('commit');
    for (const cursor of cursors)
      expect(summary(await sync(world.db, me, cursor))).toEqual([`dashboard ${id}`]);
  });

  it('is a reset where there are more changes than one answer holds, or more data', async () => {
    const { me, businessId } = await team();
    const cursor = await cursorOf(me);
    await world.sql(
      `insert into notifications (id, business_id, user_id, type, title, body)
       select gen_random_uuid(), $1, $2, 'x', 'x', '' from generate_series(1, 2000)`,
      [businessId, me.userId],
    );
    expect((await sync(world.db, me, cursor)).changes).toHaveLength(2_000);
    const widgetId = await world.addWidget(me);
    expect(await sync(world.db, me, cursor)).toMatchObject({ reset: true, changes: [] });

    const later = await cursorOf(me);
    // Hardly compressible, and much compressible: the limit is on what would be sent.
    for (const filler of [
      `(select string_agg(md5(n::text), '') from generate_series(1, 20000) n)`,
      `repeat('x', 600000)`,
    ]) {
      await world.sql(
        `update widget_data set data = json_build_object('x', ${filler}) where widget_id = $1`,
        [widgetId],
      );
      expect(await sync(world.db, me, later)).toMatchObject({ reset: true, changes: [] });
    }
    await world.sql(`update widget_data set data = '{}' where widget_id = $1`, [widgetId]);
    expect(summary(await sync(world.db, me, later))).toEqual([`widgetData ${widgetId}`]);
  });
});

describe('a cursor', () => {
  const isReset = async (person: Person, cursor: string) =>
    (await sync(world.db, person, cursor)).reset === true;

  it('is its person’s, in their business and role', async () => {
    const { me, colleague } = await team();
    const cursor = await cursorOf(me);
    expect(await isReset(me, cursor)).toBe(false);
    expect(await isReset(colleague, cursor)).toBe(true);
    expect(await isReset({ ...me, role: 'admin' }, cursor)).toBe(true);
    const elsewhere = await world.addBusiness();
    expect(await isReset({ ...me, businessId: elsewhere }, cursor)).toBe(true);
  });

  it('that we did not make, or not like this, is a reset', async () => {
    const { me } = await team();
    const cursor = await cursorOf(me);
    const parts = Buffer.from(cursor, 'base64url').toString().split('.');
    const forged = (index: number, value: string) =>
      Buffer.from(parts.with(index, value).join('.')).toString('base64url');
    expect(await isReset(me, forged(0, '1'))).toBe(false);
    const tooOld = String(Date.now() - 30 * 86_400_000);
    const wrong = [
      '',
      'x',
      '../../etc',
      `${cursor}x`.repeat(2),
      forged(0, '2'),
      forged(1, '0'.repeat(32)),
      forged(2, String(2n ** 63n)),
      forged(2, String(2n ** 64n)),
      forged(2, '-1'),
      forged(2, '1 or 1=1'),
      forged(3, tooOld),
    ];
    for (const text of wrong) expect([text, await isReset(me, text)]).toEqual([text, true]);
  });

  it('of the database this one was cloned from is a reset', async () => {
    const original = await createWorld();
    const me = await original.addPerson(await original.addBusiness());
    const { cursor } = await sync(original.db, me, undefined);
    await original.leave();
    const source = new URL(original.url).pathname.slice(1);
    const server = withDatabase(original.url, 'postgres');
    await query(server, `create database ${source}_clone template ${source}`);
    const answerOf = async (name: string) => {
      const db = openDatabase(withDatabase(original.url, name), 2);
      const answer = await sync(db, me, cursor);
      await db.close();
      return answer.reset === true;
    };
    expect(await answerOf(source)).toBe(false);
    expect(await answerOf(`${source}_clone`)).toBe(true);
    await query(server, `drop database ${source}_clone`);
    await original.drop();
  });
});
