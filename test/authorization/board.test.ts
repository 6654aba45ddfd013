import { withSystem } from '../../db/scope';
import { openOperatorSession } from '../../domain/accounts/operator-sessions';
import { sign } from '../../server/board/signature';
import { NOWHERE } from '../factories/audit-origin';
import { createPerson } from '../factories/tenant';
import { call, type ApiAnswer } from '../server/http/api';
import { contentsOf } from '../server/http/contents';
import { JWT_SECRET } from '../server/serve';
import { query } from '../support/postgres';
import { BOARD } from './board-table';
import { eachOf, startWorld, type World } from './world';

jest.setTimeout(60_000);

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());

interface Visitor {
  headers: Record<string, string>;
  /** `nobody` is sent to the login. */
  right: 'nobody' | 'look' | 'act';
}

const SAME_ORIGIN = { 'Sec-Fetch-Site': 'same-origin' };
const signed = (purpose: 'operator session' | 'operator request', id: string, secret = JWT_SECRET) =>
  sign(purpose, id, [secret]);

/** What a browser sends from the board's own page. */
function fromPage(session: string): Record<string, string> {
  const request = signed('operator request', session);
  return {
    Cookie: `liveboard_operator=${session}.${signed('operator session', session)}; XSRF-TOKEN=${request}`,
    'X-XSRF-Token': request,
    ...SAME_ORIGIN,
  };
}

const change = (statement: string) => query(world.databaseUrl, statement);

async function operator(mayAct: boolean, thereafter?: (userId: string, session: string) => string) {
  const { userId } = await createPerson(world.making, world.own.businessId, 'admin');
  await change(`update users set operator = true, operator_may_act = ${mayAct} where id = '${userId}'`);
  const session = await withSystem(world.db, (tx) => openOperatorSession(tx, userId, NOWHERE));
  if (session === undefined) throw new Error('No session was opened.');
  if (thereafter) await change(thereafter(userId, session));
  return session;
}

const withHeaders = async (session: Promise<string>, other: (session: string) => Record<string, string>) => {
  const id = await session;
  return { ...fromPage(id), ...other(id) };
};

const VISITORS: Readonly<Record<string, () => Promise<Visitor>>> = {
  'a stranger': async () => ({ headers: SAME_ORIGIN, right: 'nobody' }),
  'an admin with an access token': async () => ({
    headers: { ...SAME_ORIGIN, Authorization: `Bearer ${world.own.admin.token}` },
    right: 'nobody',
  }),
  'an admin with the session of a business as cookie': async () => ({
    headers: fromPage(world.own.admin.sessionId),
    right: 'nobody',
  }),
  'an operator whose session was ended': async () => ({
    headers: fromPage(
      await operator(true, (_, id) => `update operator_sessions set revoked_at = now() where id = '${id}'`),
    ),
    right: 'nobody',
  }),
  'an operator whose session ran out': async () => ({
    headers: fromPage(
      await operator(true, (_, id) => `update operator_sessions set expires_at = now() where id = '${id}'`),
    ),
    right: 'nobody',
  }),
  'somebody who is no operator any more': async () => ({
    headers: fromPage(
      await operator(true, (userId) => `update users set operator = false where id = '${userId}'`),
    ),
    right: 'nobody',
  }),
  'a cookie of another secret': async () => ({
    headers: await withHeaders(operator(true), (id) => ({
      Cookie: `liveboard_operator=${id}.${signed('operator session', id, 'another secret')}`,
    })),
    right: 'nobody',
  }),
  'an operator who may look': async () => ({ headers: fromPage(await operator(false)), right: 'look' }),
  'an operator who may not act any more': async () => ({
    headers: fromPage(
      await operator(true, (userId) => `update users set operator_may_act = false where id = '${userId}'`),
    ),
    right: 'look',
  }),
  'another site’s page in an operator’s browser': async () => ({
    headers: await withHeaders(operator(true), () => ({ 'Sec-Fetch-Site': 'cross-site' })),
    right: 'look',
  }),
  'a page without the session’s token': async () => ({
    headers: await withHeaders(operator(true), () => ({ 'X-XSRF-Token': '' })),
    right: 'look',
  }),
  'a page with another session’s token': async () => ({
    headers: await withHeaders(operator(true), () => ({
      'X-XSRF-Token': signed('operator request', world.own.admin.sessionId),
    })),
    right: 'look',
  }),
  'an operator who may act': async () => ({ headers: fromPage(await operator(true)), right: 'act' }),
};

const ask = (name: string, headers: Record<string, string>): Promise<ApiAnswer> => {
  const [method = '', path = ''] = name.split(' ');
  const filled = path
    .replace(':queueName', 'mail')
    .replace(':queueStatus', 'completed')
    .replace(/:\w+/, 'no-such-job');
  return call(world.port, {
    method,
    path: `/admin/queues${filled}`,
    headers,
    ...(method !== 'get' && { json: {} }),
  });
};

/** A page leads to the login, what it loads is refused; who may look is refused what would act. */
function gateFor(name: string, right: Visitor['right']) {
  if (right === 'nobody') return name.startsWith('get ') && !name.startsWith('get /api/') ? 302 : 401;
  return BOARD[name] === 'act' && right === 'look' ? 403 : 'through';
}
const REFUSALS = new Set([302, 401, 403]);

it.each(Object.entries(VISITORS))('lets %s do on the board what the table allows', async (_, visit) => {
  const { headers, right } = await visit();
  const names = Object.keys(BOARD);
  const before = await contentsOf(world.databaseUrl);
  const answers = await eachOf(names, (name) => ask(name, headers));
  const found = answers.map(({ status }, index) => [names[index], REFUSALS.has(status) ? status : 'through']);
  expect(found).toEqual(names.map((name) => [name, gateFor(name, right)]));
  if (right === 'act') return;
  const after = await contentsOf(world.databaseUrl);
  // Denials of who is logged in are written down.
  const written = Object.keys(after).filter((table) => after[table] !== before[table]);
  expect(written).toEqual(right === 'look' ? ['public.audit_events'] : []);
});

it('pauses a queue for an operator who may act', async () => {
  const headers = fromPage(await operator(true));
  expect((await ask('put /api/queues/:queueName/pause', headers)).status).toBe(200);
  expect(await world.jobs.queues.mail.isPaused()).toBe(true);
});
