import { newId } from '../../../lib/ids';
import { eventually } from '../../support/eventually';
import { createTestDatabase, query } from '../../support/postgres';
import { createTestRedis } from '../../support/redis';
import { totpCode } from '../../support/totp';
import { apiOf, type ApiAnswer } from '../http/api';
import { disconnected, next } from '../sockets/node';
import { dataOf, guard, logIn, newSomebody, secondLogin, type LoggedIn, type Somebody } from './people';
import { startWholeServer, type WholeServer } from './whole-server';

/** Product promise 7. */
const EFFECTIVE_MS = 5_000;

describe.each(['redis', 'postgres'] as const)('on %s, on another process', (broker) => {
  let database: { url: string; drop(): Promise<void> };
  let redis: Awaited<ReturnType<typeof createTestRedis>> | undefined;
  /** Where something is asked for, and where the login that ends is. */
  let here: WholeServer;
  let there: WholeServer;
  beforeAll(async () => {
    database = await createTestDatabase();
    redis = broker === 'redis' ? await createTestRedis() : undefined;
    here = await startWholeServer(database.url, redis?.url);
    there = await startWholeServer(database.url, redis?.url);
  });
  afterAll(async () => {
    await Promise.all([here?.stop(), there?.stop()]);
    await redis?.drop();
    await database?.drop();
  });

  /** Ends `login` from the other process and sees it end on HTTP and on its socket, where it was just used. */
  async function expectEnded(login: Somebody, reason: string, end: () => Promise<ApiAnswer>) {
    const api = apiOf(there.port, login.tokens.accessToken);
    const client = await there.connect(login.tokens.accessToken);
    expect((await api.get('/auth/me')).status).toBe(200);
    const told = next(client, 'session.revoked');
    const closed = disconnected(client);
    const begun = performance.now();
    expect((await end()).status).toBeLessThan(300);
    const refusal = eventually('HTTP is closed', async () => {
      const answer = await api.get('/auth/me');
      return answer.status === 401 ? answer : undefined;
    });
    const [answer, { reason: said }] = await Promise.all([refusal, told, closed]);
    expect(performance.now() - begun).toBeLessThan(EFFECTIVE_MS);
    // Without a broker between them the other process finds it in the database, which says no reason.
    expect(said).toBe(broker === 'redis' ? reason : 'session_ended');
    return answer;
  }

  it('a logout takes hold', async () => {
    const somebody = await newSomebody(here.port);
    const answer = await expectEnded(somebody, 'logout', () => somebody.api.post('/auth/logout'));
    expect(answer.body.error?.code).toBe('session_ended');
  });

  it('a revoked session ends, and no other', async () => {
    const somebody = await newSomebody(here.port);
    const other = await secondLogin(here.port, somebody);
    const sessions = dataOf<{ id: string; current: boolean }[]>(await other.api.get('/auth/sessions'));
    const id = sessions.find(({ current }) => current)?.id;
    await expectEnded(other, 'revoked', () => somebody.api.delete(`/auth/sessions/${id}`));
    expect((await somebody.api.get('/auth/me')).status).toBe(200);
  });

  it('a changed password ends the other logins', async () => {
    const somebody = await newSomebody(here.port);
    const other = await secondLogin(here.port, somebody);
    await expectEnded(other, 'password_changed', () =>
      somebody.api.post('/auth/change-password', {
        currentPassword: somebody.password,
        newPassword: 'another long password',
      }),
    );
    expect((await somebody.api.get('/auth/me')).status).toBe(200);
  });

  it('a second factor turned off ends the other logins', async () => {
    const somebody = await newSomebody(here.port);
    const { secret, recoveryCodes } = await guard(database.url, somebody);
    const { twoFactor } = dataOf<{ twoFactor: { challenge: string } }>(await logIn(here.port, somebody));
    const verified = await apiOf(here.port).post('/auth/2fa/verify', {
      challenge: twoFactor.challenge,
      code: totpCode(secret),
    });
    const other = { ...somebody, ...dataOf<LoggedIn>(verified) };
    const [recoveryCode] = recoveryCodes;
    await expectEnded(other, 'two_factor_changed', () =>
      somebody.api.post('/auth/2fa/disable', { password: somebody.password, recoveryCode }),
    );
    expect((await somebody.api.get('/auth/me')).status).toBe(200);
  });

  it('a replayed refresh token ends its session, is written down and mailed', async () => {
    const somebody = await newSomebody(here.port);
    const refresh = (refreshToken: string) => apiOf(here.port).post('/auth/refresh', { refreshToken });
    const { refreshToken } = somebody.tokens;
    const child = dataOf<LoggedIn>(await refresh(refreshToken)).tokens;
    const grandchild = dataOf<LoggedIn>(await refresh(child.refreshToken)).tokens;
    await expectEnded({ ...somebody, tokens: grandchild }, 'refresh_token_replayed', async () => {
      const answer = await refresh(refreshToken);
      return { ...answer, status: answer.status === 401 ? 200 : 500 };
    });
    const replayed = await query(
      database.url,
      `select after from audit_events where action = 'session.replayed'
         and subject_id in (select id::text from sessions where user_id = '${somebody.user.id}')`,
    );
    expect(replayed).toEqual([{ after: { reason: 'refresh_token_replayed' } }]);
    const [mail] = await query(
      database.url,
      `select template from mails where user_id = '${somebody.user.id}' order by id desc limit 1`,
    );
    expect(mail).toEqual({ template: 'new_login_session_revoked' });
  });

  it('a changed name reaches the colleagues', async () => {
    const somebody = await newSomebody(here.port);
    // Announcements pass between processes over a broker only; without one they are one process.
    const client = await (broker === 'redis' ? there : here).connect(somebody.tokens.accessToken);
    const told = next(client, 'member.changed');
    expect((await somebody.api.patch('/users/me', { name: 'A new name' })).status).toBe(200);
    expect(await told).toMatchObject({
      userId: somebody.user.id,
      name: 'A new name',
      role: 'admin',
      businessId: somebody.business.id,
    });
  });

  it('a switched business is told to the other tabs, and the new token works at once', async () => {
    const [somebody, host] = [await newSomebody(here.port), await newSomebody(here.port)];
    await query(
      database.url,
      `insert into memberships (id, business_id, user_id, role)
       values ('${newId()}', '${host.business.id}', '${somebody.user.id}', 'member')`,
    );
    let fresh = '';
    const answer = await expectEnded(somebody, 'business_switched', async () => {
      const switched = await somebody.api.post('/auth/switch-business', { businessId: host.business.id });
      fresh = dataOf<LoggedIn>(switched).tokens.accessToken;
      // The other process remembers the business before: it must not take the new token for a wrong one.
      expect((await apiOf(there.port, fresh).get('/auth/me')).status).toBe(200);
      return switched;
    });
    expect(answer.body.error?.code).toBe('business_switched');
    await there.connect(fresh);
  });
});
