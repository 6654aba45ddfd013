import type { Route } from '../../server/http/route';
import type { ApiAnswer } from '../server/http/api';
import { expectRefusal } from '../server/http/expect-refusal';
import { contentsOf } from '../server/http/contents';
import { query } from '../support/postgres';
import { ask, isAboutThing, thingFor } from './asking';
import { nameOf, ruleOf } from './policy-table';
import { gateFor, reasonFor, LESSER, NOBODIES, PEOPLE } from './principals';
import { eachOf, startWorld, type World } from './world';

jest.setTimeout(120_000);

let world: World;
/** By route: a thing of the admin's that the whole business sees. */
let things: Map<string, string>;
beforeAll(async () => {
  world = await startWorld();
  const about = world.routes.filter(isAboutThing);
  const made = await eachOf(about, (route) => thingFor(world, route, world.own.admin));
  things = new Map(about.map((route, index) => [nameOf(route), made[index] ?? '']));
});
afterAll(() => world.close());

/** Where a denial of what is the admins' is written down. */
const AUDIT_LOG = 'public.audit_events';
const denials = async () => {
  const [row] = await query(
    world.databaseUrl,
    `select count(*)::int as count from audit_events where action = 'access.denied'`,
  );
  return row?.count as number;
};

const nameAt = (asked: readonly { route: Route }[], at: number) =>
  nameOf((asked[at] as { route: Route }).route);

it.each(Object.entries({ ...PEOPLE, ...NOBODIES, ...LESSER }))(
  'refuses %s all that the table does not allow, and writes nothing',
  async (_, make) => {
    const principal = await make(world);
    const gates = world.routes.map((route) => ({ route, gate: gateFor(ruleOf(route), principal) }));
    const refused = gates.filter(({ gate }) => gate !== 'through');
    const [before, recordedBefore] = [await contentsOf(world.databaseUrl), await denials()];
    const answers = await eachOf(refused, ({ route }) =>
      ask(world, route, principal.token, things.get(nameOf(route))),
    );
    const saidOf = ({ status, body }: ApiAnswer) => `${status} ${body.error?.code ?? ''}`;
    expect(Object.fromEntries(answers.map((answer, at) => [nameAt(refused, at), saidOf(answer)]))).toEqual(
      Object.fromEntries(
        refused.map(({ route, gate }, at) => [
          nameOf(route),
          gate === 403
            ? `403 ${reasonFor(ruleOf(route), principal)}`
            : `401 ${answers[at]?.body.error?.code ?? ''}`,
        ]),
      ),
    );
    answers.forEach((answer, at) => expectRefusal(nameAt(refused, at), answer, [401, 403]));
    const after = await contentsOf(world.databaseUrl);
    // What everyone may do to their own is refused to a key for what it is, and to others for whose it is.
    const isRecorded = ({ route, gate }: (typeof refused)[number]) =>
      gate === 403 &&
      route.method !== 'get' &&
      ruleOf(route).who === 'admin' &&
      !(ruleOf(route).own && principal.scopes);
    const recorded = refused.filter(isRecorded).length;
    expect((await denials()) - recordedBefore).toBe(recorded);
    expect(Object.keys(after).filter((table) => after[table] !== before[table])).toEqual(
      recorded > 0 ? [AUDIT_LOG] : [],
    );
  },
);
