import { Client } from 'pg';
import { refreshTokenOf } from '../../../domain/accounts/tokens';
import { newId } from '../../../lib/ids';
import { createTenant, logIn, type Person } from '../../factories/tenant';
import { eventually } from '../../support/eventually';
import { query } from '../../support/postgres';
import { apiOf, type ApiAnswer } from '../http/api';
import { expectRefusal } from '../http/expect-refusal';
import { JWT_SECRET, serve, type Served } from '../serve';

interface Tokens {
  accessToken: string;
  refreshToken: string;
}

let served: Served;
let someone: Person;
beforeAll(async () => {
  served = await serve();
  someone = (await createTenant(making())).member;
});
afterAll(() => served.close());

const making = () => ({ db: served.db, secrets: [JWT_SECRET] });
/** A new login, and its first refresh token. */
async function session() {
  const person = await logIn(making(), someone);
  return { ...person, refreshToken: refreshTokenOf(person.sessionId, 1, [JWT_SECRET]) };
}
const refresh = (refreshToken: string) => apiOf(served.port).post('/auth/refresh', { refreshToken });
const tokensOf = (answer: ApiAnswer): Tokens => (answer.body.data as { tokens: Tokens }).tokens;
const isAlive = async (token: string) => (await apiOf(served.port, token).get('/auth/me')).status === 200;
/** As if the last rotation had been this long ago. */
const age = (sessionId: string, seconds: number) =>
  query(
    served.databaseUrl,
    `update sessions set rotated_at = rotated_at - interval '${seconds} s' where id = '${sessionId}'`,
  );

it('gives new tokens that work, and again', async () => {
  const { refreshToken, token } = await session();
  const first = tokensOf(await refresh(refreshToken));
  const second = tokensOf(await refresh(first.refreshToken));
  expect(new Set([refreshToken, first.refreshToken, second.refreshToken]).size).toBe(3);
  for (const access of [token, first.accessToken, second.accessToken])
    expect(await isAlive(access)).toBe(true);
});

it('gives one successor to everyone who asks with the same token at once', async () => {
  const { refreshToken, sessionId } = await session();
  const row = `from sessions where id = '${sessionId}'`;
  // Held, until as many as the server has connections wait for it.
  const holder = new Client({ connectionString: served.databaseUrl });
  await holder.connect();
  await holder.query(`begin; select ${row} for update`);
  const asking = Promise.all(Array.from({ length: 20 }, () => refresh(refreshToken)));
  await eventually('several wait for the session', async () => {
    const waiting = await query(
      served.databaseUrl,
      `select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`,
    );
    return waiting.length >= 3;
  });
  await holder.query('commit');
  await holder.end();
  const answers = await asking;
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  expect(new Set(answers.map((answer) => tokensOf(answer).refreshToken)).size).toBe(1);
  expect(await isAlive(tokensOf(answers[0] as ApiAnswer).accessToken)).toBe(true);
  const [left] = await query(served.databaseUrl, `select generation, revoked_at ${row}`);
  expect(left).toEqual({ generation: 2, revoked_at: null });
});

it('gives the parent the same successor for 10 s, and ends the session when it comes later', async () => {
  const { refreshToken, sessionId, token } = await session();
  const successor = tokensOf(await refresh(refreshToken));
  await age(sessionId, 9);
  expect(tokensOf(await refresh(refreshToken)).refreshToken).toBe(successor.refreshToken);
  await age(sessionId, 2);
  expect(await isAlive(token)).toBe(true);
  expectRefusal('an old parent', await refresh(refreshToken), [401]);
  for (const access of [token, successor.accessToken]) expect(await isAlive(access)).toBe(false);
  expectRefusal('its successor', await refresh(successor.refreshToken), [401]);
});

it('ends the session when a grandparent comes, however soon', async () => {
  const { refreshToken, token } = await session();
  const parent = tokensOf(await refresh(refreshToken));
  const child = tokensOf(await refresh(parent.refreshToken));
  expectRefusal('a grandparent', await refresh(refreshToken), [401]);
  expect(await isAlive(token)).toBe(false);
  expectRefusal('the newest', await refresh(child.refreshToken), [401]);
});

it('refuses what it never gave, and ends nothing for it', async () => {
  const { refreshToken, sessionId, token } = await session();
  const [, , mac = ''] = refreshToken.split('.');
  const forged = [
    refreshTokenOf(sessionId, 1, ['another secret that is long enough']),
    refreshTokenOf(sessionId, 2, [JWT_SECRET]),
    refreshTokenOf(newId(), 1, [JWT_SECRET]),
    `${sessionId}.2.${mac}`,
    `${sessionId}.1.${mac.slice(1)}`,
    `${sessionId}.1.`,
    `${sessionId}.01.${mac}`,
    `${sessionId}.999999999999.${mac}`,
    'x',
    token,
  ];
  for (const one of forged) {
    const answer = await refresh(one);
    expectRefusal(one, answer, one === token ? [400, 401] : [401]);
  }
  expect(await isAlive(token)).toBe(true);
  expect((await refresh(refreshToken)).status).toBe(200);
});

it('ends with the logout, with 7 idle days, and with 30 days at most', async () => {
  const out = await session();
  expect((await apiOf(served.port, out.token).post('/auth/logout')).status).toBe(204);
  expectRefusal('after the logout', await refresh(out.refreshToken), [401]);
  for (const change of [
    `last_used_at = now() - interval '7 days 1 s'`,
    `expires_at = now() - interval '1 s'`,
    'revoked_at = now()',
    'business_id = null',
  ]) {
    const { refreshToken, sessionId, token } = await session();
    await query(served.databaseUrl, `update sessions set ${change} where id = '${sessionId}'`);
    expectRefusal(change, await refresh(refreshToken), [401]);
    expect([change, await isAlive(token)]).toEqual([change, false]);
  }
});
