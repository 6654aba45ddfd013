import type { Route } from '../../server/http/route';
import type { ApiAnswer } from '../server/http/api';
import { ask, isAboutThing, isPersonal, thingFor, WORKED } from './asking';
import { nameOf, ruleOf } from './policy-table';
import { gateFor, LESSER, PEOPLE, type Principal } from './principals';
import { makerFor } from '../server/routes/things';
import { eachOf, startWorld, type World } from './world';

jest.setTimeout(120_000);

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());

/** A member's id is the person's: their own is themselves. */
const ownThing = ({ path }: Route, { person }: Principal): Promise<string> =>
  path.startsWith('/business/members')
    ? Promise.resolve(person.userId)
    : makerFor(world.makers, path)({ ...person });

async function askAbout(route: Route, principal: Principal, own: boolean): Promise<ApiAnswer> {
  if (!isAboutThing(route)) return ask(world, route, principal.token);
  const id = own
    ? await ownThing(route, principal)
    : await thingFor(world, route, isPersonal(route) ? principal.person : world.own.admin);
  return ask(world, route, principal.token, id);
}

const outcomeOf = ({ status, text }: ApiAnswer) => (status < 300 ? 'done' : `${status} ${text}`);

/** Allowed, and refused for another reason than who asks: there is nothing to confirm or to turn off. */
const NOT_DONE: Readonly<Record<string, number>> = {
  'post /auth/2fa/enable': 409,
  'post /auth/2fa/disable': 409,
  'post /auth/2fa/recovery-codes': 409,
  'post /runs/:id/confirm': 409,
};
/** They ask for the password again, which while it is locked is not looked at. */
const LOCKED: ReadonlySet<string> = new Set([
  'post /auth/change-password',
  'post /auth/2fa/setup',
  'post /auth/2fa/disable',
  'post /auth/2fa/recovery-codes',
]);
/** A worker's to answer, or validation's: see asking. */
const REFUSED_FOR_ITS_QUERY = 400;

function expectedOf(route: Route, { locked }: Principal): number | undefined {
  if (locked && LOCKED.has(nameOf(route))) return 429;
  return WORKED.has(nameOf(route)) ? REFUSED_FOR_ITS_QUERY : NOT_DONE[nameOf(route)];
}

/** What somebody was refused that the table allows. */
async function wronglyRefused(routes: readonly Route[], make: () => Promise<Principal>): Promise<string[]> {
  const asked = [
    ...routes.map((route) => ({ route, own: false })),
    ...routes.filter((route) => ruleOf(route).own).map((route) => ({ route, own: true })),
  ];
  const outcomes = await eachOf(asked, async ({ route, own }) => {
    const principal = await make();
    if (ruleOf(route).who === 'anyone' || gateFor(ruleOf(route), principal, own) !== 'through') return [];
    const outcome = outcomeOf(await askAbout(route, principal, own));
    const expected = expectedOf(route, principal);
    const isRight = expected === undefined ? outcome === 'done' : outcome.startsWith(String(expected));
    return isRight ? [] : [`${nameOf(route)}${own ? ' (own)' : ''}: ${outcome}`];
  });
  return outcomes.flat();
}

it.each(Object.entries(PEOPLE))('lets %s do what the table allows', async (_, make) => {
  expect(await wronglyRefused(world.routes, () => make(world))).toEqual([]);
});

it.each(Object.entries(LESSER))('lets %s do what the table allows', async (_, make) => {
  const principal = await make(world);
  // What would end this one login, whose making took a while, is for those who can be made anew.
  const repeatable = world.routes.filter(({ method }) => principal.scopes || method === 'get');
  expect(await wronglyRefused(repeatable, () => Promise.resolve(principal))).toEqual([]);
});

it('lets a stranger come in where everyone may', async () => {
  const open = world.routes.filter((route) => ruleOf(route).who === 'anyone');
  const answers = await eachOf(open, (route) => ask(world, route, undefined));
  expect(answers.map(({ text }) => text).join()).not.toContain('access token');
});
