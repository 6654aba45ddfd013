import type { Route } from '../../server/http/route';
import { apiRoutes } from '../../server/routes';
import type { ServerContext } from '../../server/context';
import { ROLES } from '../../domain/roles';
import { fillEveryTable } from '../factories/every-table';
import type { Person, Tenant } from '../factories/tenant';
import { apiOf, call } from '../server/http/api';
import { pathOf } from '../server/http/expect-refusal';
import { sampleOf } from '../server/http/sample';
import { makerFor } from '../server/routes/things';
import { ask } from '../server/sockets/node';
import { scripted } from '../support/sandbox';
import { brand } from '../stand/business-brand';
import { beBusy } from './canary/activity';
import { ended, openStage, syncOf, type Listener, type Stage } from './canary/stage';

jest.setTimeout(300_000);

/** A word that people search for, and what stands beside it in every row of another business. */
const WORD = 'zebra';
const CANARY = 'canary3f8d21e6';
/** In what people of the own business ask their agent: which prompts are theirs. */
const OURS = 'ostrich5b7710';

let stage: Stage;
let gets: Route[];
/** One of each role, of both businesses. */
let listeners: Listener[];
let theirs: Listener[];
/** Ids of the things of each business, by the path of the route that asks for them. */
const ids = new Map<Tenant, Map<string, string>>();

/** The routes need nothing of a server to be listed. */
const routesOf = (): Route[] => apiRoutes(blank as ServerContext);
const blank: unknown = new Proxy(() => undefined, { get: () => blank, apply: () => blank });

const listenAll = (tenant: Tenant) => Promise.all(ROLES.map((role) => stage.listen(tenant[role])));

async function makeThings(tenant: Tenant): Promise<Map<string, string>> {
  const made = new Map<string, string>();
  const byKind = new Map<string, string>();
  for (const { path } of gets.filter((route) => route.path.includes(':'))) {
    const kind = path.split('/')[1] ?? '';
    const id = byKind.get(kind) ?? (await makerFor(stage.makers, path)(tenant.admin));
    byKind.set(kind, id);
    made.set(path, id);
  }
  return made;
}

async function fillStage(): Promise<void> {
  stage = await openStage();
  // Before there is anything: a sync at the end gives all of it.
  [listeners, theirs] = [await listenAll(stage.own), await listenAll(stage.other)];
  gets = routesOf().filter(({ method }) => method === 'get');
  for (const tenant of [stage.own, stage.other]) {
    const made = await makeThings(tenant);
    const { widgetId } = await fillEveryTable(stage.databaseUrl, tenant);
    ids.set(tenant, made.set('/widgets/:id/history', widgetId));
    // What every table's row is made with is a budget of nothing.
    await stage.sql('delete from budgets where business_id = $1', [tenant.businessId]);
  }
  const branded = await brand(stage, stage.other.businessId, `${WORD} ${CANARY}`);
  expect(branded.length).toBeGreaterThan(25);
}

interface Seen {
  what: string;
  text: string;
}

/** What a person gets from every read, as JSON and as CSV, about a business's things; searching and grouping where one can. */
async function readAll(person: Person, tenant: Tenant): Promise<Seen[]> {
  const seen: Seen[] = [];
  for (const route of gets) {
    const path = pathOf(route, ids.get(tenant)?.get(route.path) ?? '');
    const more: string[] = [];
    for (const [name, value] of [
      ['search', WORD],
      ['groupBy', 'agent'],
      ['groupBy', 'user'],
    ] as const) {
      if (route.query?.safeParse({ [name]: value }).success) more.push(`?${name}=${value}`);
    }
    for (const [query, accept] of [
      ['', 'application/json'],
      ['', 'text/csv'],
      ...more.map((each) => [each, 'application/json']),
    ]) {
      const answer = await call(stage.port, {
        method: 'get',
        path: path + query,
        token: person.token,
        headers: { Accept: accept ?? '' },
      });
      const isOwn = person.businessId === tenant.businessId;
      const statuses = isOwn && person.role === 'admin' ? [200] : [200, 403, 404];
      expect({ path, status: answer.status, isFine: statuses.includes(answer.status) }).toMatchObject({
        isFine: true,
      });
      seen.push({
        what: `${route.path}${query} ${accept} ${answer.status}`,
        text: answer.text + JSON.stringify(answer.headers),
      });
    }
  }
  return seen;
}

/** What an admin gets who tries to change another business's things. */
async function tryToChange(person: Person, tenant: Tenant): Promise<Seen[]> {
  const seen: Seen[] = [];
  const changing = routesOf().filter(({ method, path }) => method !== 'get' && path.includes(':'));
  for (const route of changing) {
    const id = [...(ids.get(tenant) ?? [])].find(([path]) => path.split('/')[1] === route.path.split('/')[1]);
    if (!id) continue;
    const answer = await call(stage.port, {
      method: route.method,
      path: pathOf(route, id[1]),
      token: person.token,
      ...(route.body && { json: sampleOf(route.body) }),
    });
    expect([route.path, answer.status]).toEqual([route.path, 404]);
    seen.push({ what: `${route.method} ${route.path}`, text: answer.text });
  }
  return seen;
}

const withCanary = (seen: readonly Seen[]): string[] =>
  seen.filter(({ text }) => text.includes(CANARY)).map(({ what }) => what);
const eventsWithCanary = ({ events }: Listener): Set<string> =>
  new Set(events.filter(({ text }) => text.includes(CANARY)).map(({ name }) => name));

const WITHOUT_POLICIES = `do $$ declare place record; begin
  for place in select oid::regclass as name from pg_class where relrowsecurity loop
    execute format('alter table %s disable row level security', place.name);
  end loop; end $$`;

/** The code's own checks and row-level security behind them: each is there in case the other has a hole. */
describe.each(['with row-level security', 'by the code’s own checks alone'])('%s', (guards) => {
  beforeAll(async () => {
    await fillStage();
    if (guards !== 'with row-level security') await stage.sql(WITHOUT_POLICIES);
  });
  afterAll(() => stage?.close());

  it('nothing of a business reaches another’s people', async () => {
    const { own, other, port, sandbox, app } = stage;
    const [theirAdmin] = theirs.filter(({ person }) => person.role === 'admin') as [Listener];
    // They ask for rooms that are not theirs.
    for (const { socket } of listeners) {
      const dashboardId = ids.get(other)?.get('/dashboards/:id');
      const conversationId = ids.get(other)?.get('/conversations/:id');
      expect(await ask(socket, 'dashboard.open', { dashboardId })).toMatchObject({ ok: false });
      expect(await ask(socket, 'presence.list', { dashboardId })).toMatchObject({ ok: false });
      expect(await ask(socket, 'conversation.open', { conversationId })).toMatchObject({ ok: false });
    }

    const ownAgent = ids.get(own)?.get('/agents/:id') ?? '';
    await stage.sql(
      `update agents set model = 'sandbox/sandbox-script', fallback_models = '{}', tools = '{search,analysis}'
        where id = $1`,
      [ownAgent],
    );
    const calls = [
      { name: 'search', arguments: { query: WORD } },
      { name: 'analysis', arguments: { widgetId: ids.get(other)?.get('/widgets/:id') } },
    ];
    const question = {
      message: scripted(
        { steps: [{ toolCalls: calls }, { text: 'Nothing.' }] },
        `${OURS} what of the ${WORD}? `,
      ),
    };
    const asked = await apiOf(port, own.member.token).post(`/agents/${ownAgent}/chat`, question);
    expect(asked.status).toBe(202);
    await beBusy(stage, theirAdmin, CANARY);
    expect(await ended(port, own.member, (asked.body.data as { run: { id: string } }).run.id)).toBe(
      'completed',
    );

    // It is all there, for those whose it is.
    const expected = (
      'widget.updated widget.changed dashboard.changed business.changed member.changed agent.changed ' +
      'conversation.changed message.created message.completed theme.changed presence.diff'
    ).split(' ');
    expect([...eventsWithCanary(theirAdmin)]).toEqual(expect.arrayContaining(expected));
    const theirReads = withCanary(await readAll(other.admin, other));
    expect(new Set(theirReads.map((what) => what.split(/[ ?]/)[0])).size).toBeGreaterThan(20);
    expect(theirReads.filter((what) => what.includes('csv')).length).toBeGreaterThan(2);
    expect(await syncOf(theirAdmin)).toContain(CANARY);
    const prompts = (await sandbox.requests()).map(({ body }) => JSON.stringify(body));
    expect(prompts.some((prompt) => prompt.includes(CANARY))).toBe(true);

    // And nothing of it for anybody else.
    for (const role of ROLES) {
      expect([role, withCanary(await readAll(own[role], own))]).toEqual([role, []]);
      expect([role, withCanary(await readAll(own[role], other))]).toEqual([role, []]);
    }
    expect(withCanary(await tryToChange(own.admin, other))).toEqual([]);
    for (const listener of listeners) {
      expect([listener.person.role, listener.events.length > 0]).toEqual([listener.person.role, true]);
      expect([listener.person.role, [...eventsWithCanary(listener)]]).toEqual([listener.person.role, []]);
      expect(await syncOf(listener)).not.toContain(CANARY);
    }
    const ownPrompts = prompts.filter((prompt) => prompt.includes(OURS));
    // One with the question, one with what the tools found.
    expect(ownPrompts.length).toBeGreaterThan(1);
    expect(ownPrompts.filter((prompt) => prompt.includes(CANARY))).toEqual([]);
    const ownLines = app.output.filter((line) => line.includes(own.businessId));
    expect(ownLines.length).toBeGreaterThan(100);
    expect(ownLines.filter((line) => line.includes(CANARY))).toEqual([]);
  });
});
