import { registerBody } from '../../factories/bodies';
import { query } from '../../support/postgres';
import { eventually } from '../../support/eventually';
import { apiOf, detailPaths, type Api } from '../http/api';
import { expectRefusal } from '../http/expect-refusal';
import { serve, type Served } from '../serve';

interface Session {
  user: { id: string; email: string };
  business: { id: string; role: string };
  tokens: { accessToken: string; refreshToken: string; expiresIn: number };
}

let served: Served;
let stranger: Api;
beforeAll(async () => {
  served = await serve();
  stranger = apiOf(served.port);
});
afterAll(() => served.close());

async function registered(overrides: Record<string, unknown> = {}) {
  const body = registerBody(overrides);
  const answer = await stranger.post('/auth/register', body);
  const session = answer.body.data as Session;
  return { body, answer, session, api: apiOf(served.port, session?.tokens?.accessToken) };
}

describe('registering', () => {
  it('makes a person and their business, of which they are the admin', async () => {
    const { body, answer, session, api } = await registered();
    expect(answer.status).toBe(201);
    expect(session).toEqual({
      user: {
        id: expect.any(String),
        email: body.email,
        name: 'A person',
        avatarUrl: null,
        emailVerified: false,
        twoFactorEnabled: false,
        createdAt: expect.any(String),
      },
      business: {
        id: expect.any(String),
        name: 'A business',
        role: 'admin',
        timezone: 'UTC',
        locale: 'en',
      },
      tokens: { accessToken: expect.any(String), refreshToken: expect.any(String), expiresIn: 600 },
    });
    const { user, business } = session;
    const me = await api.get('/auth/me');
    expect(me.body.data).toEqual({ user, business });
    expect(me.headers['cache-control']).toContain('no-store');
  });

  it('gives each address one account, in whatever case, however many ask at once', async () => {
    const { body } = await registered();
    const again = await stranger.post('/auth/register', { ...body, email: body.email.toUpperCase() });
    expectRefusal('the same address', again, [409]);
    expect(detailPaths(again)).toEqual(['email']);

    const twins = Array.from({ length: 5 }, () =>
      stranger.post('/auth/register', registerBody({ email: 'twins@example.test' })),
    );
    const statuses = (await Promise.all(twins)).map(({ status }) => status);
    expect(statuses.sort()).toEqual([201, 409, 409, 409, 409]);
    const [left] = await query(
      served.databaseUrl,
      'select count(*)::int as businesses from businesses b where not exists (select from memberships where business_id = b.id)',
    );
    expect(left).toEqual({ businesses: 0 });
  });

  it.each([
    ['email', 'not an address'],
    ['password', 'fourteen chars'],
    ['password', 'x'.repeat(129)],
    ['name', '  '],
    ['businessName', ''],
  ])('names %s where it is %j', async (field, value) => {
    const answer = await stranger.post('/auth/register', registerBody({ [field]: value }));
    expectRefusal(field, answer, [400]);
    expect(detailPaths(answer)).toEqual([field]);
  });
});

describe('logging in', () => {
  it('opens a session of its own each time', async () => {
    const { body, session, api } = await registered();
    const credentials = { email: body.email.toUpperCase(), password: body.password };
    const again = (await stranger.post('/auth/login', credentials)).body.data as Session;
    expect(again.user).toEqual(session.user);
    expect((await api.post('/auth/logout')).status).toBe(204);
    expect((await api.get('/auth/me')).status).toBe(401);
    expect((await apiOf(served.port, again.tokens.accessToken).get('/auth/me')).status).toBe(200);
  });

  it('says the same of a wrong password and of an unknown address', async () => {
    const { body } = await registered();
    const wrong = await stranger.post('/auth/login', { email: body.email, password: `${body.password}!` });
    const unknown = await stranger.post('/auth/login', {
      email: 'nobody@example.test',
      password: body.password,
    });
    expectRefusal('a wrong password', wrong, [401]);
    const told = ({ status, headers, body: { message, error } }: typeof wrong) => ({
      status,
      message,
      code: error?.code,
      details: error?.details,
      headers: Object.keys(headers).sort(),
      length: headers['content-length'],
    });
    expect(told(unknown)).toEqual(told(wrong));
  });

  it('tells who belongs to no business so', async () => {
    const { body, session } = await registered();
    await query(served.databaseUrl, `delete from memberships where user_id = '${session.user.id}'`);
    const answer = await stranger.post('/auth/login', { email: body.email, password: body.password });
    expectRefusal('no business', answer, [403]);
    expect(answer.body.error?.code).toBe('no_business');
  });
});

it('ends with the membership, and the role counts as it is now', async () => {
  const [leaving, demoted] = [await registered(), await registered()];
  for (const { api } of [leaving, demoted]) expect((await api.get('/connections')).status).toBe(200);
  const changedAt = performance.now();
  await query(
    served.databaseUrl,
    `update memberships set role = 'viewer' where user_id = '${demoted.session.user.id}'`,
    `delete from memberships where user_id = '${leaving.session.user.id}'`,
  );
  const [refused] = await Promise.all([
    eventually('the session has ended', async () => {
      const answer = await leaving.api.get('/widgets');
      return answer.status === 401 ? answer : undefined;
    }),
    eventually('the new role counts', async () => (await demoted.api.get('/connections')).status === 403),
  ]);
  // Product promise 7.
  expect(performance.now() - changedAt).toBeLessThan(5_000);
  expect(refused.body.error?.code).toBe('session_ended');
  const { refreshToken } = leaving.session.tokens;
  expectRefusal('a refresh', await stranger.post('/auth/refresh', { refreshToken }), [401]);
});

it('takes a client’s address as it is told, be it one or not', async () => {
  const proxied = await serve({ TRUSTED_PROXIES: '1' });
  try {
    for (const [told, kept] of [
      ['203.0.113.7', '203.0.113.7'],
      ['2001:db8::7', '2001:db8::7'],
      ['not an address', null],
      ['fe80::1%eth0', 'fe80::1'],
    ]) {
      const headers = { 'X-Forwarded-For': String(told), 'User-Agent': `\u00ff${'x'.repeat(3_000)}` };
      const answer = await apiOf(proxied.port).post('/auth/register', registerBody(), headers);
      const { user } = answer.body.data as Session;
      const rows = await query(
        proxied.databaseUrl,
        `select host(ip) as ip from sessions where user_id = '${user.id}'`,
      );
      expect([told, answer.status, rows]).toEqual([told, 201, [{ ip: kept }]]);
    }
  } finally {
    await proxied.close();
  }
});
