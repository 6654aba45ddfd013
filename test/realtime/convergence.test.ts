import { setImmediate as turn } from 'node:timers/promises';
import { Client } from 'pg';
import { newId } from '../../lib/ids';
import { Replica } from '../../realtime/replica';
import { sync } from '../../realtime/sync';
import type { SyncChange, SyncKind } from '../../realtime/sync/changes';
import { createWorld, type Person, type World } from './fixture';
import { randomOf, type Random } from './random';
import { writePersonal } from './random-personal';
import { addAgent, addTalk } from './talk';

/**
 * Product promise 5: after any break, sync brings a client to exactly the server's state. Random writers, with
 * long transactions, rollbacks, deletions and changes of who sees what, against clients that sync whenever.
 */

let world: World;
let businessId: string;
let people: Person[];
beforeEach(async () => {
  world = await createWorld();
  businessId = await world.addBusiness();
  people = [];
  for (let count = 0; count < 4; count += 1) people.push(await world.addPerson(businessId));
});
afterEach(() => world.drop());

const A_WIDGET = `(select id from widgets where business_id = $1 order by random() limit 1)`;
const A_DASHBOARD = `(select id from dashboards where business_id = $1 order by random() limit 1)`;

const AN_AGENT = `(select id from agents where business_id = $1 order by random() limit 1)`;
const A_TALK = `(select id from conversations where business_id = $1 order by random() limit 1)`;
const A_MESSAGE = `(select id from messages where business_id = $1 order by random() limit 1)`;
const A_RUN = `(select id from runs where business_id = $1 order by random() limit 1)`;

/** One random write to agents and conversations. */
async function writeTalk(client: Client, random: Random, { userId }: Person): Promise<void> {
  const run = (text: string, ...values: unknown[]) => client.query(text, [businessId, ...values]);
  const sql: World['sql'] = async (text, values = []) =>
    (await client.query<Record<string, unknown>>(text, values as unknown[])).rows;
  const text = `t${random(1e6)}`;
  const addOne = () => addTalk({ sql }, { businessId, userId });
  const setMessage = () =>
    run(`update messages set content = $2, status = 'completed' where id = ${A_MESSAGE}`, text);
  const writes = [
    () => addAgent({ sql }, businessId, text),
    () => run(`update agents set name = $2 where id = ${AN_AGENT}`, text),
    () => run(`update conversations set agent_id = ${AN_AGENT} where id = ${A_TALK}`),
    () => run(`delete from agents where id = ${AN_AGENT}`),
    addOne,
    addOne,
    addOne,
    () => run(`update conversations set title = $2 where id = ${A_TALK}`, text),
    // Deleted ones are written to, too: a run that ends in one.
    () => run(`update conversations set deleted_at = coalesce(deleted_at, now()) where id = ${A_TALK}`),
    () => run(`delete from conversations where id = ${A_TALK} and deleted_at is not null`),
    () =>
      run(
        `insert into messages (id, business_id, conversation_id, role, content, status, position)
         select $2, $1, id, 'user', $3, 'completed', $4 from conversations where id = ${A_TALK}`,
        newId(),
        text,
        3 + random(1e6),
      ),
    setMessage,
    setMessage,
    () =>
      run(
        `update runs set status = 'completed', finished_at = now(), epoch = epoch + 1, updated_at = now() where id = ${A_RUN}`,
      ),
  ];
  await writes[random(writes.length)]?.();
}

/** One random write. */
async function write(client: Client, random: Random, person: Person): Promise<void> {
  const run = (text: string, ...values: unknown[]) => client.query(text, [businessId, ...values]);
  const scope = random(2) ? 'business' : 'user';
  const addWidget = async () => {
    const id = newId();
    await run(
      `insert into widgets (id, business_id, owner_id, name, type, source, scope)
         values ($2, $1, $3, 'w', 'stats', '{"kind":"push"}', $4)`,
      id,
      person.userId,
      scope,
    );
    await run(`insert into widget_data (widget_id, business_id) values ($2, $1)`, id);
    await run(`insert into widget_schedules (widget_id, business_id) values ($2, $1)`, id);
  };
  const addDashboard = () =>
    run(
      `insert into dashboards (id, business_id, owner_id, name, shared) values ($2, $1, $3, 'd', $4)`,
      newId(),
      person.userId,
      scope === 'business',
    );
  const writes = [
    addWidget,
    addWidget,
    addWidget,
    addDashboard,
    addDashboard,
    () => run(`update widgets set name = $2 where id = ${A_WIDGET}`, `w${random(1e6)}`),
    () => run(`update widgets set scope = $2 where id = ${A_WIDGET}`, scope),
    () => run(`delete from widgets where id = ${A_WIDGET}`),
    () =>
      run(
        `update widget_data set data = $2 where widget_id = ${A_WIDGET}`,
        JSON.stringify({ n: random(1e6) }),
      ),
    () =>
      run(
        `update widget_data set data = $2 where widget_id = ${A_WIDGET}`,
        JSON.stringify({ n: random(1e6) }),
      ),
    () => run(`update dashboards set shared = not shared where id = ${A_DASHBOARD}`),
    () => run(`update dashboards set name = $2 where id = ${A_DASHBOARD}`, `d${random(1e6)}`),
    () => run(`delete from dashboards where id = ${A_DASHBOARD}`),
    () =>
      run(
        `insert into notifications (id, business_id, user_id, type, title, body) values ($2, $1, $3, 'x', 'x', '')`,
        newId(),
        person.userId,
      ),
    () =>
      run(`update notifications set read_at = now() where business_id = $1 and user_id = $2`, person.userId),
    () =>
      run(
        `delete from notifications where id in (select id from notifications where business_id = $1 and user_id = $2 limit 1)`,
        person.userId,
      ),
    () => client.query('update users set name = $2 where id = $1', [person.userId, `p${random(1e6)}`]),
    // The last of the people comes and goes; the others are the clients.
    () => run('delete from memberships where business_id = $1 and user_id = $2', people[3]?.userId),
    () =>
      run(
        `insert into memberships (id, business_id, user_id, role) values ($2, $1, $3, 'viewer') on conflict do nothing`,
        newId(),
        people[3]?.userId,
      ),
  ];
  await writes[random(writes.length)]?.();
}

/** A connection that writes one transaction after the other, some of them long, some rolled back. */
async function writer(seed: number, transactions: number): Promise<void> {
  const random = randomOf(seed);
  const client = new Client({ connectionString: world.url });
  await client.connect();
  for (let count = 0; count < transactions; count += 1) {
    try {
      await client.query('begin');
      for (let left = 1 + random(5); left > 0; left -= 1) {
        const kind = [write, write, writeTalk, writePersonal][random(4)] ?? write;
        await kind(client, random, people[random(3)] as Person);
        // Others commit while this one is open.
        for (let pause = random(20); pause > 0; pause -= 1) await turn();
      }
      await client.query(random(5) ? 'commit' : 'rollback');
    } catch (error) {
      // Deadlocks, and two transactions that add the same member, are part of it.
      if (!/^(40P01|23505|23503)$/.test((error as { code?: string }).code ?? '')) throw error;
      await client.query('rollback');
    }
  }
  await client.end();
}

/** What someone can see, straight from the tables. */
async function truth({ userId }: Person): Promise<string[]> {
  const rows = await world.sql(
    `select 'widget' as kind, id, version, name as content from widgets
      where business_id = $1 and (scope = 'business' or owner_id = $2)
     union all
     select 'widgetData', d.widget_id, d.version, coalesce(d.data::text, 'null') from widget_data d join widgets w on w.id = d.widget_id
      where w.business_id = $1 and (w.scope = 'business' or w.owner_id = $2)
     union all
     select 'dashboard', id, version, name || shared from dashboards
      where business_id = $1 and (shared or owner_id = $2)
     union all
     select 'member', u.id, m.version, u.name from memberships m join users u on u.id = m.user_id
      where m.business_id = $1
     union all
     select 'notification', id, version, (read_at is null)::text from notifications
      where business_id = $1 and user_id = $2
     union all
     select 'agent', id, version, name || system_prompt from agents where business_id = $1
     union all
     select 'theme', id, version, name from themes where business_id = $1 and user_id = $2
     union all
     select 'preferences', id, version,
            concat_ws(' ', sidebar_width, active_theme_id, active_dashboard_id, default_dashboard_id)
       from preferences where business_id = $1 and user_id = $2
     union all
     select 'conversation', id, version, title || coalesce(agent_id::text, '-') from conversations
      where business_id = $1 and user_id = $2 and deleted_at is null
     union all
     select 'message', m.id, m.version, m.content || m.status from messages m join conversations c on c.id = m.conversation_id
      where c.business_id = $1 and c.user_id = $2 and c.deleted_at is null
     union all
     select 'run', r.id, r.version, r.status || r.epoch from runs r join conversations c on c.id = r.conversation_id
      where c.business_id = $1 and c.user_id = $2 and c.deleted_at is null`,
    [businessId, userId],
  );
  return rows.map(({ kind, id, version, content }) => [kind, id, version, content].join(' ')).sort();
}

/** What a replica holds, in the same words. */
function holdings(replica: Replica): string[] {
  const line = (kind: SyncKind, id: string, version: number, content: string) =>
    `${kind} ${id} ${version} ${content}`;
  return [
    ...replica.all('widget').map((row) => line('widget', row.id, row.version, row.name)),
    ...replica
      .all('widgetData')
      .map((row) =>
        line('widgetData', row.widgetId, row.version, row.data === null ? 'null' : JSON.stringify(row.data)),
      ),
    ...replica
      .all('dashboard')
      .map((row) => line('dashboard', row.id, row.version, `${row.name}${row.shared}`)),
    ...replica.all('member').map((row) => line('member', row.userId, row.version, row.name)),
    ...replica
      .all('notification')
      .map((row) => line('notification', row.id, row.version, String(row.readAt === null))),
    ...replica.all('agent').map((row) => line('agent', row.id, row.version, row.name + row.systemPrompt)),
    ...replica.all('theme').map((row) => line('theme', row.id, row.version, row.name)),
    ...replica.all('preferences').map((row) => {
      const { sidebar, activeThemeId, activeDashboardId, defaultDashboardId } = row;
      const set = [sidebar.width, activeThemeId, activeDashboardId, defaultDashboardId].filter(Boolean);
      return line('preferences', row.id, row.version, set.join(' '));
    }),
    ...replica
      .all('conversation')
      .map((row) => line('conversation', row.id, row.version, row.title + (row.agentId ?? '-'))),
    ...replica.all('message').map((row) => line('message', row.id, row.version, row.content + row.status)),
    ...replica.all('run').map((row) => line('run', row.id, row.version, `${row.status}${row.epoch}`)),
  ].sort();
}

/**
 * A client that syncs at random moments while `writing` goes on, and to which old changes come again, late and in
 * any order, as live events may.
 */
async function follow(
  replica: Replica,
  person: Person,
  seed: number,
  writing: Promise<unknown>,
): Promise<void> {
  const random = randomOf(seed);
  const late: SyncChange[] = [];
  const ended = new AbortController();
  void writing.finally(() => ended.abort());
  const syncOnce = async () => {
    const answer = await sync(world.db, person, replica.cursor);
    late.push(...answer.changes);
    if (!replica.applySync(answer)) throw new Error('A reset: this run writes less than one answer holds.');
  };
  while (!ended.signal.aborted) {
    if (random(3) === 0) await syncOnce();
    const old = late[random(Math.max(1, late.length))];
    if (old) replica.apply(old);
    for (let pause = random(60); pause > 0; pause -= 1) await turn();
  }
  await syncOnce();
  for (const change of late.toReversed()) replica.apply(change);
  await writing;
}

it.each([1, 2, 3])('a client that syncs ends with exactly what the server has (seed %i)', async (seed) => {
  const clients = people.slice(0, 3);
  const replicas = clients.map(() => new Replica());
  for (const [index, person] of clients.entries())
    replicas[index]?.applySync(await sync(world.db, person, undefined));
  // Nothing was there before the cursors but the members; now they were written after them.
  await world.sql(`update users set name = name || '.'`);
  const writing = Promise.all([0, 1, 2, 3, 4].map((index) => writer(seed * 100 + index, 30)));
  await Promise.all(
    clients.map((person, index) => follow(replicas[index] as Replica, person, seed * 1000 + index, writing)),
  );
  for (const [index, person] of clients.entries()) {
    const expected = await truth(person);
    expect(holdings(replicas[index] as Replica)).toEqual(expected);
    expect(expected.length).toBeGreaterThan(20);
  }
});
