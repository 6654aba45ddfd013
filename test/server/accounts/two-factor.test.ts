import { Client } from 'pg';
import { eventually } from '../../support/eventually';
import { query } from '../../support/postgres';
import { totpCode } from '../../support/totp';
import { apiOf, detailPaths, type ApiAnswer } from '../http/api';
import { expectRefusal } from '../http/expect-refusal';
import { serve, type Served } from '../serve';
import { challenged, dataOf, guard, logIn, newSomebody, secondLogin, type LoggedIn } from './people';

let served: Served;
beforeAll(async () => {
  served = await serve({ ENCRYPTION_KEYS: 'a key of the tests' });
});
afterAll(() => served.close());

const verify = (body: Record<string, unknown>) => apiOf(served.port).post('/auth/2fa/verify', body);
const codesOf = (answers: ApiAnswer[]) => answers.map(({ body }) => body.error?.code);
async function guarded() {
  const somebody = await newSomebody(served.port);
  return { ...somebody, ...(await guard(served.databaseUrl, somebody)) };
}

describe('setting it up', () => {
  it('gives a secret that is on only once a code proved it', async () => {
    const { api, password, email } = await newSomebody(served.port);
    const set = dataOf<{ secret: string; otpauthUrl: string }>(
      await api.post('/auth/2fa/setup', { password }),
    );
    const url = new URL(set.otpauthUrl);
    expect([url.protocol, url.host, url.searchParams.get('secret')]).toEqual([
      'otpauth:',
      'totp',
      set.secret,
    ]);
    expect(decodeURIComponent(url.pathname)).toBe(`/liveboard:${email}`);
    expect(dataOf<LoggedIn>(await logIn(served.port, { email, password })).tokens).toBeDefined();

    const wrong = await api.post('/auth/2fa/enable', { code: totpCode(set.secret, 10) });
    expectRefusal('a wrong code', wrong, [400]);
    expect(detailPaths(wrong)).toEqual(['code']);
    const answer = await api.post('/auth/2fa/enable', { code: totpCode(set.secret) });
    const { recoveryCodes } = dataOf<{ recoveryCodes: string[] }>(answer);
    expect(new Set(recoveryCodes).size).toBe(10);
    for (const code of recoveryCodes)
      expect(code).toMatch(/^([0-9a-hjkmnp-tv-z]{4}-){3}[0-9a-hjkmnp-tv-z]{4}$/);
    expect(dataOf<LoggedIn>(await api.get('/auth/me')).user.twoFactorEnabled).toBe(true);
    // The code that turned it on is used up.
    const challenge = await challenged(served.port, { email, password } as never);
    expectRefusal('the same code', await verify({ challenge, code: totpCode(set.secret) }), [401]);
  });

  it('begins anew as often as wanted until it is on, and not after', async () => {
    const { api, password } = await newSomebody(served.port);
    const setUp = async () =>
      dataOf<{ secret: string }>(await api.post('/auth/2fa/setup', { password })).secret;
    const [first, second] = [await setUp(), await setUp()];
    expectRefusal('the first', await api.post('/auth/2fa/enable', { code: totpCode(first) }), [400]);
    const enable = () => api.post('/auth/2fa/enable', { code: totpCode(second) });
    expect((await enable()).status).toBe(200);
    const again = [await api.post('/auth/2fa/setup', { password }), await enable()];
    expect(codesOf(again)).toEqual(['two_factor_on', 'two_factor_on']);
  });

  it('is refused before it is set up, and with a wrong password', async () => {
    const { api } = await newSomebody(served.port);
    expect(codesOf([await api.post('/auth/2fa/enable', { code: '000000' })])).toEqual([
      'two_factor_not_set_up',
    ]);
    const wrong = await api.post('/auth/2fa/setup', { password: 'not the password' });
    expectRefusal('a wrong password', wrong, [400]);
    expect(detailPaths(wrong)).toEqual(['password']);
  });

  it('ends the logins that were opened without it, and says so by mail', async () => {
    const somebody = await newSomebody(served.port);
    const other = await secondLogin(served.port, somebody);
    await guard(served.databaseUrl, somebody);
    expect((await somebody.api.get('/auth/me')).status).toBe(200);
    expectRefusal('the other', await other.api.get('/auth/me'), [401]);
    const mails = await query(
      served.databaseUrl,
      `select template from mails where recipient = '${somebody.email}' order by id`,
    );
    expect(mails.at(-1)).toEqual({ template: 'two_factor_changed' });
  });
});

describe('logging in with it', () => {
  it('takes password, then code; the password alone opens nothing', async () => {
    const somebody = await guarded();
    const answer = await logIn(served.port, somebody);
    expect(answer.status).toBe(200);
    expect(answer.body.data).toEqual({ twoFactor: { challenge: expect.any(String) } });
    const { challenge } = dataOf<{ twoFactor: { challenge: string } }>(answer).twoFactor;
    expectRefusal('the challenge as a bearer', await apiOf(served.port, challenge).get('/auth/me'), [401]);
    const refreshed = await apiOf(served.port).post('/auth/refresh', { refreshToken: challenge });
    expectRefusal('the challenge as a refresh token', refreshed, [401]);
    const verified = await verify({ challenge, code: totpCode(somebody.secret) });
    expect(verified.status).toBe(200);
    const { user, tokens } = dataOf<LoggedIn>(verified);
    expect(user).toMatchObject({ id: somebody.user.id, twoFactorEnabled: true });
    expect((await apiOf(served.port, tokens.accessToken).get('/auth/me')).status).toBe(200);
    expectRefusal(
      'the challenge again',
      await verify({ challenge, code: totpCode(somebody.secret, 1) }),
      [401],
    );
  });

  it('takes one code once, brought twice at once: by one login and by two', async () => {
    for (const logins of [1, 2]) {
      const somebody = await guarded();
      const challenges: string[] = [];
      for (let login = 0; login < logins; login++) challenges.push(await challenged(served.port, somebody));
      const code = totpCode(somebody.secret);
      // Held, until both have looked at it and wait to use it up.
      const holder = new Client({ connectionString: served.databaseUrl });
      await holder.connect();
      await holder.query(`begin; select from two_factor_secrets for update`);
      const asking = Promise.all(
        [0, 1].map((index) => verify({ challenge: challenges[index % logins], code })),
      );
      await eventually('both wait', async () => {
        const waiting = await query(
          served.databaseUrl,
          `select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`,
        );
        return waiting.length >= 2;
      });
      await holder.query('commit');
      await holder.end();
      const answers = await asking;
      expect([logins, answers.map(({ status }) => status).sort()]).toEqual([logins, [200, 401]]);
      const sessions = await query(
        served.databaseUrl,
        `select 1 from sessions where user_id = '${somebody.user.id}' and revoked_at is null`,
      );
      expect(sessions).toHaveLength(2);
    }
  });

  it('takes no code from before one that was used', async () => {
    const somebody = await guarded();
    const later = await verify({
      challenge: await challenged(served.port, somebody),
      code: totpCode(somebody.secret, 1),
    });
    expect(later.status).toBe(200);
    const earlier = await verify({
      challenge: await challenged(served.port, somebody),
      code: totpCode(somebody.secret),
    });
    expectRefusal('an earlier code', earlier, [401]);
  });

  it('takes a code one step early or late and none further', async () => {
    const somebody = await guarded();
    const challenge = await challenged(served.port, somebody);
    expectRefusal('two late', await verify({ challenge, code: totpCode(somebody.secret, -3) }), [401]);
    expectRefusal('two early', await verify({ challenge, code: totpCode(somebody.secret, 3) }), [401]);
    expect((await verify({ challenge, code: totpCode(somebody.secret, 1) })).status).toBe(200);
  });

  it('takes each recovery code once, however it is typed', async () => {
    const somebody = await guarded();
    const [first = '', second = ''] = somebody.recoveryCodes;
    const use = async (recoveryCode: string) =>
      verify({ challenge: await challenged(served.port, somebody), recoveryCode });
    expect((await use(first.toUpperCase().replaceAll('-', ' '))).status).toBe(200);
    expectRefusal('again', await use(first), [401]);
    const twice = await Promise.all([use(second), use(second)]);
    expect(twice.map(({ status }) => status).sort()).toEqual([200, 401]);
    const others = await guarded();
    expectRefusal('somebody else’s', await use(others.recoveryCodes[0] ?? ''), [401]);
  });

  it('locks after five wrong codes, spread over logins whose password was right', async () => {
    const somebody = await guarded();
    for (let wrong = 0; wrong < 5; wrong++) {
      const challenge = await challenged(served.port, somebody);
      expect((await verify({ challenge, code: '000000' })).status).toBe(401);
    }
    expectRefusal('a login', await logIn(served.port, somebody), [429]);
  });

  it('locks after five wrong codes at once', async () => {
    const somebody = await guarded();
    const challenges = await Promise.all(Array.from({ length: 4 }, () => challenged(served.port, somebody)));
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        verify({ challenge: challenges[index % 4], code: String(index).padStart(6, '0') }),
      ),
    );
    const failed = await query(
      served.databaseUrl,
      `select 1 from audit_events where action = 'login.failed' and subject_id = '${somebody.user.id}'`,
    );
    expect(failed).toHaveLength(5);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(15);
  });

  it('is refused when it waited too long, was tried too often, or is not ours', async () => {
    const somebody = await guarded();
    const { secret } = somebody;
    const late = await challenged(served.port, somebody);
    await query(served.databaseUrl, `update login_challenges set expires_at = now()`);
    const worn = await challenged(served.port, somebody);
    await query(served.databaseUrl, `update login_challenges set tries = 5 where expires_at > now()`);
    const [id = '', mac = ''] = (await challenged(served.port, somebody)).split('.');
    const other = await challenged(served.port, await guarded());
    for (const challenge of [late, worn, `${id}.`, `${other.split('.')[0]}.${mac}`, `${id}.${mac}x`, 'x']) {
      const answer = await verify({ challenge, code: totpCode(secret) });
      expectRefusal(challenge, answer, [401]);
      expect([challenge, answer.body.error?.code]).toEqual([challenge, 'invalid_challenge']);
    }
    expect((await verify({ challenge: `${id}.${mac}`, code: totpCode(secret) })).status).toBe(200);
  });

  it('wants exactly one of code and recovery code', async () => {
    const challenge = 'x';
    for (const body of [
      { challenge },
      { challenge, code: '000000', recoveryCode: 'a' },
      { challenge, code: '00000' },
      { challenge, code: 'abcdef' },
    ]) {
      const answer = await verify(body);
      expectRefusal(JSON.stringify(body), answer, [400]);
      expect(detailPaths(answer)).toEqual(['code']);
    }
  });

  it('ends a login that waits when the password changes', async () => {
    const somebody = await guarded();
    const challenge = await challenged(served.port, somebody);
    const changed = await somebody.api.post('/auth/change-password', {
      currentPassword: somebody.password,
      newPassword: 'another long password',
    });
    expect(changed.status).toBe(204);
    expectRefusal('the challenge', await verify({ challenge, code: totpCode(somebody.secret) }), [401]);
  });
});

describe('turning it off, and new recovery codes', () => {
  it('takes password and code, or a recovery code, and forgets all of it', async () => {
    const somebody = await guarded();
    const { api, password, secret, recoveryCodes } = somebody;
    const [recoveryCode] = recoveryCodes;
    for (const body of [
      { password: 'not the password', code: totpCode(secret) },
      { password, code: '000000' },
      { password, recoveryCode: 'not a code' },
    ]) {
      expectRefusal(JSON.stringify(body), await api.post('/auth/2fa/disable', body), [400]);
    }
    expect((await api.post('/auth/2fa/disable', { password, recoveryCode })).status).toBe(204);
    expect(dataOf<LoggedIn>(await logIn(served.port, somebody)).tokens).toBeDefined();
    const left = await query(
      served.databaseUrl,
      `select user_id from two_factor_secrets where user_id = '${somebody.user.id}'
       union all select user_id from recovery_codes where user_id = '${somebody.user.id}'`,
    );
    expect(left).toEqual([]);
    expect(codesOf([await api.post('/auth/2fa/disable', { password, code: '000000' })])).toEqual([
      'two_factor_off',
    ]);
  });

  it('gives new codes, and the old ones are worth nothing', async () => {
    const somebody = await guarded();
    const { api, password, secret, recoveryCodes } = somebody;
    const answer = await api.post('/auth/2fa/recovery-codes', { password, code: totpCode(secret) });
    const renewed = dataOf<{ recoveryCodes: string[] }>(answer).recoveryCodes;
    expect(renewed).toHaveLength(10);
    expect(renewed.filter((code) => recoveryCodes.includes(code))).toEqual([]);
    const use = async (recoveryCode = '') =>
      (await verify({ challenge: await challenged(served.port, somebody), recoveryCode })).status;
    expect([await use(recoveryCodes[0]), await use(renewed[0])]).toEqual([401, 200]);
  });

  it('allows eight characters only beside it', async () => {
    const somebody = await guarded();
    const { api, password, secret } = somebody;
    const short = 'ouchizee';
    const changed = await api.post('/auth/change-password', {
      currentPassword: password,
      newPassword: short,
    });
    expect(changed.status).toBe(204);
    const off = await api.post('/auth/2fa/disable', { password: short, code: totpCode(secret) });
    expect([off.status, off.body.error?.code]).toEqual([409, 'password_too_short']);
  });
});
