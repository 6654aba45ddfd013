import { isDeepStrictEqual as isEqual } from 'node:util';
import { ROLES, hasRole, type Role } from '../../domain/roles';
import { newId } from '../../lib/ids';
import { TOOL_NAMES } from '../../domain/runs/types';
import { summariseCall } from '../../workers/agents/tools/run-tool';
import { createToolWorld, type Person, type ToolWorld } from '../workers/agents/tools/fixture';
import { TOOLS } from './policy-table';

jest.setTimeout(60_000);

const WORD = 'Quarterly';
const HIDDEN = 'unseencanary';
const BOX = { type: 'table', data: [{ region: 'north', amount: 1 }] } as const;
const FETCHED = { source: { kind: 'http', url: 'https://api.example.test/' } };

let world: ToolWorld;
let people: Record<Role, Person>;
let shared: string;
/** What nobody of `people` may see, and why. */
let hidden: [string, string][];
beforeAll(async () => {
  world = await createToolWorld();
  const [own, other] = [await world.addBusiness(), await world.addBusiness()];
  const made: Person[] = [];
  for (const role of ROLES) made.push(await world.addPerson(own, role));
  people = Object.fromEntries(made.map((person) => [person.role, person])) as Record<Role, Person>;
  const colleague = await world.addPerson(own, 'admin');
  const stranger = await world.addPerson(other, 'admin');
  shared = await world.addShown(people.admin, { ...BOX, ...FETCHED, name: WORD });
  hidden = [
    [
      'a colleague’s own',
      await world.addShown(colleague, { ...BOX, ...FETCHED, name: `${WORD} ${HIDDEN}`, scope: 'user' }),
    ],
    ['another business’s', await world.addShown(stranger, { ...BOX, ...FETCHED, name: `${WORD} ${HIDDEN}` })],
  ];
  for (const person of [colleague, stranger]) {
    await world.sql('update dashboards set name = $2 where id = $1', [
      await world.addDashboard(person, { shared: person === stranger }),
      `${WORD} ${HIDDEN}`,
    ]);
    await world.addConversation(person, `${WORD} ${HIDDEN}`, [`${WORD} ${HIDDEN}`]);
  }
});
afterAll(() => world.drop());

const ARGUMENTS: Readonly<Record<string, (widgetId: string) => object>> = {
  search: () => ({ query: WORD }),
  analysis: (widgetId) => ({ widgetId }),
  reporting: (widgetId) => ({ title: 'A report', widgetIds: [widgetId] }),
  refresh: (widgetId) => ({ action: 'refresh', widgetId }),
  set_schedule: (widgetId) => ({ action: 'set_schedule', widgetId, schedule: { everySeconds: 60 } }),
};

const ACTIONS = TOOL_NAMES.flatMap((tool) =>
  Object.entries(TOOLS[tool]).map(([action, least]) => ({ tool, action, least })),
);

/** Who chats at all: without that there is no run whose tool could work (domain/policies/conversation). */
const CHATS: Role = 'member';

const contents = () =>
  world.sql(
    `select (select json_agg(w order by w.id) from widgets w)::text as widgets,
            (select json_agg(s order by s.widget_id) from widget_schedules s)::text as schedules,
            (select count(*) from reports) as reports`,
  );

const argumentsOf = (action: string) => ARGUMENTS[action] as (widgetId: string) => object;

describe.each(ACTIONS)('$tool: $action', ({ tool, action, least }) => {
  const argumentsFor = argumentsOf(action);

  it.each(ROLES)('does for a %s what the role is for', async (role) => {
    const isAllowed = hasRole(role, least) && hasRole(role, CHATS);
    const before = await contents();
    const asked = await world.ask(people[role], tool, argumentsFor(shared));
    expect(asked.status).toBe(isAllowed ? 'done' : 'failed');
    expect(asked.error ?? '').toMatch(isAllowed ? /^$/ : /role/);
    expect(asked.text).not.toContain(HIDDEN);
    expect(isAllowed || isEqual(before, await contents())).toBe(true);
    const confirmed = await summariseCall(world.contextOf(people[role]), TOOL_NAMES, {
      name: tool,
      arguments: JSON.stringify(argumentsFor(shared)),
    });
    const isAsked = isAllowed || tool !== 'automation';
    expect('summary' in confirmed).toBe(isAsked);
  });

  it('is refused to an agent that was not given it', async () => {
    const others = TOOL_NAMES.filter((name) => name !== tool);
    const before = await contents();
    const asked = await world.ask(people.admin, tool, argumentsFor(shared), others);
    expect([asked.status, asked.error]).toEqual(['failed', expect.stringContaining(`no tool "${tool}"`)]);
    expect(await contents()).toEqual(before);
  });

  it('counts a role that was lost, and a membership, since the question was asked', async () => {
    const asker = await world.addPerson(people.admin.businessId, 'admin');
    const run = () => world.ask(asker, tool, argumentsFor(shared));
    await world.sql(`update memberships set role = 'viewer' where user_id = $1`, [asker.userId]);
    expect((await run()).error).toMatch(/role of the person who asked/);
    await world.sql('delete from memberships where user_id = $1', [asker.userId]);
    expect((await run()).error).toMatch(/no longer a member/);
  });
});

it.each(ACTIONS.filter(({ tool }) => tool !== 'search'))(
  '$tool: $action answers about what the asker may not see as about what never was',
  async ({ tool, action }) => {
    const argumentsFor = argumentsOf(action);
    const before = await contents();
    for (const role of ROLES.filter((held) => hasRole(held, CHATS))) {
      const unknownId = newId();
      const unknown = await world.ask(people[role], tool, argumentsFor(unknownId));
      expect(unknown.error).toMatch(/not found/i);
      for (const [what, id] of hidden) {
        const asked = await world.ask(people[role], tool, argumentsFor(id));
        expect([what, asked.text.replaceAll(id, '(id)')]).toEqual([
          what,
          unknown.text.replaceAll(unknownId, '(id)'),
        ]);
      }
    }
    expect(await contents()).toEqual(before);
  },
);
