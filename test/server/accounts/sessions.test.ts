import { createPerson, PASSWORD } from '../../factories/tenant';
import { newId } from '../../../lib/ids';
import { query } from '../../support/postgres';
import { apiOf, detailPaths } from '../http/api';
import { expectRefusal } from '../http/expect-refusal';
import { JWT_SECRET, serve, type Served } from '../serve';
import { dataOf, logIn, newSomebody, secondLogin, type LoggedIn, type Tokens } from './people';

interface Session {
  id: string;
  current: boolean;
  device: string;
  ip: string | null;
  business: { id: string; name: string } | null;
}

let served: Served;
beforeAll(async () => {
  served = await serve({ ENCRYPTION_KEYS: 'a key of the tests' });
});
afterAll(() => served.close());

const sessionsOf = async ({ api }: Pick<Awaited<ReturnType<typeof newSomebody>>, 'api'>) =>
  dataOf<Session[]>(await api.get('/auth/sessions'));
const isIn = async ({ api }: { api: ReturnType<typeof apiOf> }) => (await api.get('/auth/me')).status === 200;
const actions = async (userId: string) =>
  (
    await query(
      served.databaseUrl,
      `select action from audit_events where actor_id = '${userId}' order by created_at, id`,
    )
  ).map(({ action }) => action);

describe('my sessions', () => {
  it('are listed with their devices, mine marked, and nobody else’s', async () => {
    const FIREFOX = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0';
    const somebody = await newSomebody(served.port);
    await newSomebody(served.port);
    const { email, password } = somebody;
    const answer = await apiOf(served.port).post(
      '/auth/login',
      { email, password },
      { 'User-Agent': FIREFOX },
    );
    const { tokens } = dataOf<LoggedIn>(answer);
    const listed = await sessionsOf({ api: apiOf(served.port, tokens.accessToken) });
    expect(listed).toEqual([
      {
        id: expect.any(String),
        current: true,
        device: 'Firefox on Windows',
        ip: expect.stringMatching(/127\.0\.0\.1$/),
        business: { id: somebody.business.id, name: 'A business' },
        createdAt: expect.any(String),
        lastUsedAt: expect.any(String),
      },
      expect.objectContaining({ current: false, device: 'An unknown device' }),
    ]);
  });

  it('can be ended one by one, mine too, and nobody else’s', async () => {
    const somebody = await newSomebody(served.port);
    const [second, third] = [
      await secondLogin(served.port, somebody),
      await secondLogin(served.port, somebody),
    ];
    const stranger = await newSomebody(served.port);
    const currentOf = async (login: typeof somebody) =>
      (await sessionsOf(login)).find(({ current }) => current)?.id ?? '';
    const path = `/auth/sessions/${await currentOf(second)}`;
    expectRefusal('a stranger', await stranger.api.delete(path), [404]);
    expect((await somebody.api.delete(path)).status).toBe(204);
    expect(await Promise.all([somebody, second, third].map(isIn))).toEqual([true, false, true]);
    expectRefusal('again', await somebody.api.delete(path), [404]);
    const refreshed = await apiOf(served.port).post('/auth/refresh', {
      refreshToken: second.tokens.refreshToken,
    });
    expectRefusal('its refresh token', refreshed, [401]);
    expect((await third.api.delete(`/auth/sessions/${await currentOf(third)}`)).status).toBe(204);
    expect(await isIn(third)).toBe(false);
  });

  it('can be ended all at once, or all but this one', async () => {
    const somebody = await newSomebody(served.port);
    const second = await secondLogin(served.port, somebody);
    const stranger = await newSomebody(served.port);
    const but = await somebody.api.post('/auth/logout-all', { exceptCurrent: true });
    expect(but.body.data).toEqual({ ended: 1 });
    expect(await Promise.all([somebody, second].map(isIn))).toEqual([true, false]);
    const third = await secondLogin(served.port, somebody);
    expect((await somebody.api.post('/auth/logout-all')).body.data).toEqual({ ended: 2 });
    expect(await Promise.all([somebody, third, stranger].map(isIn))).toEqual([false, false, true]);
    expect(await actions(somebody.user.id)).toEqual([
      'user.registered',
      'session.created',
      'session.created',
      'session.revoked',
      'session.created',
      'session.revoked',
      'session.revoked',
    ]);
  });

  it('of the operators’ board end with them', async () => {
    const { api, user } = await newSomebody(served.port);
    await query(
      served.databaseUrl,
      `insert into operator_sessions (id, user_id, expires_at)
       values ('${newId()}', '${user.id}', now() + interval '1 hour')`,
    );
    await api.post('/auth/logout-all', { exceptCurrent: true });
    const left = await query(
      served.databaseUrl,
      `select 1 from operator_sessions where user_id = '${user.id}' and revoked_at is null`,
    );
    expect(left).toEqual([]);
  });
});

describe('changing the password', () => {
  const newPassword = 'another long password';

  it('ends the other logins, is mailed and written down', async () => {
    const somebody = await newSomebody(served.port);
    const other = await secondLogin(served.port, somebody);
    const change = { currentPassword: somebody.password, newPassword };
    expect((await somebody.api.post('/auth/change-password', change)).status).toBe(204);
    expect(await Promise.all([somebody, other].map(isIn))).toEqual([true, false]);
    expectRefusal('the old one', await logIn(served.port, somebody), [401]);
    expect((await logIn(served.port, { ...somebody, password: newPassword })).status).toBe(200);
    const [mail] = await query(
      served.databaseUrl,
      `select template from mails where recipient = '${somebody.email}' order by id desc limit 1`,
    );
    expect(mail).toEqual({ template: 'password_changed' });
    expect(await actions(somebody.user.id)).toContain('password.changed');
  });

  it('takes the rules of a new one, and another one', async () => {
    const { api, password, email } = await newSomebody(served.port);
    const long = `${email}${email}`.slice(0, email.length);
    for (const one of ['fourteen chars', 'passwordpassword', long, password, 'x'.repeat(129)]) {
      const answer = await api.post('/auth/change-password', { currentPassword: password, newPassword: one });
      expectRefusal(one, answer, [400]);
      expect([one, detailPaths(answer)]).toEqual([one, ['newPassword']]);
    }
    const wrong = await api.post('/auth/change-password', { currentPassword: 'x', newPassword });
    expect(detailPaths(wrong)).toEqual(['currentPassword']);
  });

  it('leaves no login behind that came with the old password at the same moment', async () => {
    for (let round = 0; round < 5; round++) {
      const somebody = await newSomebody(served.port);
      const change = { currentPassword: somebody.password, newPassword };
      const [, ...logins] = await Promise.all([
        somebody.api.post('/auth/change-password', change),
        ...Array.from({ length: 3 }, () => logIn(served.port, somebody)),
      ]);
      const opened = logins.filter(({ status }) => status === 200);
      const alive = opened.map((answer) =>
        isIn({ api: apiOf(served.port, dataOf<LoggedIn>(answer).tokens.accessToken) }),
      );
      expect(await Promise.all(alive)).toEqual(opened.map(() => false));
    }
  });
});

describe('switching the business', () => {
  async function inTwo() {
    const [somebody, host] = [await newSomebody(served.port), await newSomebody(served.port)];
    await query(
      served.databaseUrl,
      `insert into memberships (id, business_id, user_id, role)
       values ('${newId()}', '${host.business.id}', '${somebody.user.id}', 'member')`,
    );
    return { somebody, otherId: host.business.id };
  }
  const switchTo = (api: ReturnType<typeof apiOf>, businessId: string) =>
    api.post('/auth/switch-business', { businessId });

  it('gives a token for the other, with the role there, and the refresh token goes with it', async () => {
    const { somebody, otherId } = await inTwo();
    const answer = await switchTo(somebody.api, otherId);
    const { business, tokens } = dataOf<{ business: { id: string; role: string }; tokens: Tokens }>(answer);
    expect(business).toMatchObject({ id: otherId, role: 'member' });
    expect(Object.keys(tokens).sort()).toEqual(['accessToken', 'expiresIn']);
    const there = apiOf(served.port, tokens.accessToken);
    expect(dataOf<LoggedIn>(await there.get('/auth/me')).business).toMatchObject({ id: otherId });
    const refused = await somebody.api.get('/auth/me');
    expectRefusal('a token of the one before', refused, [401]);
    expect(refused.body.error?.code).toBe('business_switched');
    const refreshed = await apiOf(served.port).post('/auth/refresh', {
      refreshToken: somebody.tokens.refreshToken,
    });
    const again = apiOf(served.port, dataOf<{ tokens: Tokens }>(refreshed).tokens.accessToken);
    expect(dataOf<LoggedIn>(await again.get('/auth/me')).business.id).toBe(otherId);
    // And back.
    expect((await switchTo(again, somebody.business.id)).status).toBe(200);
    expect((await somebody.api.get('/auth/me')).status).toBe(200);
  });

  it('is for businesses of one’s own', async () => {
    const { somebody } = await inTwo();
    const host = await newSomebody(served.port);
    const foreign = await switchTo(somebody.api, host.business.id);
    expectRefusal('a foreign one', foreign, [404]);
    const none = await switchTo(somebody.api, newId());
    expect([none.status, none.body.message]).toEqual([foreign.status, foreign.body.message]);
    const left = await query(
      served.databaseUrl,
      `select business_id from sessions where user_id = '${somebody.user.id}'`,
    );
    expect(left).toEqual([{ business_id: somebody.business.id }]);
  });
});

describe('my profile', () => {
  it('is mine to change, but for the address', async () => {
    const { api, user } = await newSomebody(served.port);
    const changed = await api.patch('/users/me', {
      name: ' New Name ',
      avatarUrl: 'https://cdn.test/me.png',
    });
    expect(changed.status).toBe(200);
    const expected = { ...user, name: 'New Name', avatarUrl: 'https://cdn.test/me.png' };
    expect(changed.body.data).toEqual(expected);
    expect((await api.get('/users/me')).body.data).toEqual(expected);
    expect((await api.patch('/users/me', { avatarUrl: null })).body.data).toEqual({
      ...expected,
      avatarUrl: null,
    });
    expectRefusal('the address', await api.patch('/users/me', { email: 'x@example.test' }), [400]);
  });

  it.each([
    'http://cdn.test/me.png',
    'javascript:alert(1)',
    'data:image/png;base64,AA',
    'https://',
    'me.png',
    `https://cdn.test/${'x'.repeat(2_000)}`,
  ])('takes no picture at %j', async (avatarUrl) => {
    const { api } = await newSomebody(served.port);
    const answer = await api.patch('/users/me', { avatarUrl });
    expectRefusal(avatarUrl, answer, [400]);
    expect(detailPaths(answer)).toEqual(['avatarUrl']);
  });

  it('is a change of each membership', async () => {
    const { api, business } = await newSomebody(served.port);
    const versionsOf = async () => {
      const rows = await query(
        served.databaseUrl,
        `select version::int from memberships where business_id = '${business.id}'`,
      );
      return rows.map(({ version }) => Number(version));
    };
    const [before = 0] = await versionsOf();
    await api.patch('/users/me', { name: 'Another' });
    expect(await versionsOf()).toEqual([before + 1]);
    await api.patch('/users/me', { name: 'Another' });
    expect(await versionsOf()).toEqual([before + 1]);
  });
});

it('tells the owner of an address that somebody tried to register with it', async () => {
  const { email } = await newSomebody(served.port);
  await expect(newSomebody(served.port, { email: email.toUpperCase() })).rejects.toThrow('409');
  const mails = await query(
    served.databaseUrl,
    `select template from mails where recipient = '${email}' order by id`,
  );
  expect(mails).toEqual([{ template: 'verify_email' }, { template: 'email_taken' }]);
});

it('lets people of the tests log in', async () => {
  const { business } = await newSomebody(served.port);
  const person = await createPerson({ db: served.db, secrets: [JWT_SECRET] }, business.id, 'viewer');
  expect((await logIn(served.port, { email: person.email, password: PASSWORD })).status).toBe(200);
});
