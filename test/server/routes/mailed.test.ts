import { linkTokenOf } from '../../../domain/accounts/link-tokens';
import { createTenant, PASSWORD, type Person, type Tenant } from '../../factories/tenant';
import { eventually } from '../../support/eventually';
import { query } from '../../support/postgres';
import { createMailWorld, PUBLIC_URL, type MailWorld } from '../../workers/mail/fixture';
import { apiOf, call, type ApiAnswer } from '../http/api';
import { JWT_SECRET, serve } from '../serve';

const NEW_PASSWORD = 'a planted password 5e8a';

let world: MailWorld;
let tenant: Tenant;
beforeAll(async () => {
  world = await createMailWorld('postgres');
  tenant = await createTenant({ db: world.served.db, secrets: [JWT_SECRET] });
});
afterAll(() => world.close());

const post = (path: string, json?: unknown, options: Partial<Parameters<typeof call>[1]> = {}) =>
  call(world.served.port, { method: 'post', path: `/api/v1${path}`, json, ...options });
const told = ({ status, body }: ApiAnswer) => [status, body.error?.code];
const logIn = (email: string, password: string) => post('/auth/login', { email, password });
const meOf = ({ token }: Person) => apiOf(world.served.port, token).get('/auth/me');
const mailsTo = (email: string) => world.smtp.received.filter(({ to }) => to.includes(email)).length;

async function forgot(email: string): Promise<string> {
  const before = mailsTo(email);
  expect((await post('/auth/forgot-password', { email })).status).toBe(202);
  return (await world.smtp.mailTo(email, before + 1)).token;
}
/** No mail is queued any more: whatever was asked for is decided. */
const allDecided = () =>
  eventually('no mail is queued', async () => {
    const rows = await world.sql(`select from mails where status = 'queued'`);
    return rows.length === 0;
  });

describe('verifying an address', () => {
  it('takes the link that registering mailed, once', async () => {
    const email = 'newcomer@example.test';
    const body = { email, password: PASSWORD, name: 'New', businessName: 'New' };
    const { data } = (await post('/auth/register', body)).body as unknown as {
      data: { user: { emailVerified: boolean }; tokens: { accessToken: string } };
    };
    expect(data.user.emailVerified).toBe(false);
    const { token } = await world.smtp.mailTo(email);
    const api = apiOf(world.served.port, data.tokens.accessToken);
    const invite = () => api.post('/business/invitations', { email: 'guest@example.test', role: 'viewer' });
    expect(told(await invite())).toEqual([403, 'email_unverified']);

    const answers = await Promise.all([1, 2].map(() => post('/auth/verify-email', { token })));
    expect(answers.map(told).sort()).toEqual([
      [200, undefined],
      [400, 'link_invalid'],
    ]);
    expect(answers.find(({ status }) => status === 200)?.body.data).toEqual({ email });
    // At once: what this process remembered of the session is forgotten.
    expect((await invite()).status).toBe(201);
    expect((await world.smtp.mailTo('guest@example.test')).token).not.toBe('');
  });

  it('mails another link to who is logged in, or to an address, and the older one is void', async () => {
    const { id, email } = await world.addUser();
    await post('/auth/resend-verification', { email: email.toUpperCase() });
    const first = await world.smtp.mailTo(email, 1);
    await world.sql(`insert into memberships (id, business_id, user_id, role)
                     values (gen_random_uuid(), '${tenant.businessId}', '${id}', 'viewer')`);
    await world.sql(`update users set password_hash = (
                       select password_hash from users where id = '${tenant.admin.userId}') where id = '${id}'`);
    const login = (await logIn(email, PASSWORD)).body as unknown as {
      data: { tokens: { accessToken: string } };
    };
    const again = await post('/auth/resend-verification', {}, { token: login.data.tokens.accessToken });
    expect(again.status).toBe(202);
    const second = await world.smtp.mailTo(email, 2);
    expect(told(await post('/auth/verify-email', { token: first.token }))).toEqual([400, 'link_invalid']);
    expect((await post('/auth/verify-email', { token: second.token })).status).toBe(200);
    expect(told(await post('/auth/resend-verification', {}))).toEqual([401, 'invalid_token']);
  });

  it('refuses what is no link of its own, or has run out', async () => {
    const { email } = await world.addUser();
    await post('/auth/resend-verification', { email });
    const { token } = await world.smtp.mailTo(email);
    const [id = '', mac = ''] = token.split('.');
    const refused = [
      `${id}.${mac.slice(0, -2)}AA`,
      linkTokenOf('reset_password', id, [JWT_SECRET]),
      linkTokenOf('verify_email', id, ['another secret']),
      linkTokenOf('verify_email', tenant.businessId, [JWT_SECRET]),
      'x',
    ];
    for (const wrong of refused) {
      expect(told(await post('/auth/verify-email', { token: wrong }))).toEqual([400, 'link_invalid']);
    }
    expect(told(await post('/auth/reset-password', { token, password: NEW_PASSWORD }))).toEqual([
      400,
      'link_invalid',
    ]);
    await world.sql(`update link_tokens set expires_at = now() where id = '${id}'`);
    expect(told(await post('/auth/verify-email', { token }))).toEqual([400, 'link_invalid']);
  });

  it('lives a day, and a reset ten minutes', async () => {
    const { id, email } = await world.addUser();
    await post('/auth/resend-verification', { email });
    await post('/auth/forgot-password', { email });
    await world.smtp.mailTo(email, 2);
    const lives = await world.sql(`select purpose, extract(epoch from expires_at - created_at)::int as seconds
                                     from link_tokens where user_id = '${id}' order by purpose`);
    expect(lives).toEqual([
      { purpose: 'reset_password', seconds: 600 },
      { purpose: 'verify_email', seconds: 86_400 },
    ]);
  });
});

describe('resetting a password', () => {
  it('sets it, ends every session, verifies the address, and tells the owner', async () => {
    const { member } = tenant;
    await world.sql(`update users set email_verified_at = null where id = '${member.userId}'`);
    const token = await forgot(member.email);
    expect((await meOf(member)).status).toBe(200);
    expect((await post('/auth/reset-password', { token, password: NEW_PASSWORD })).status).toBe(200);
    expect(told(await meOf(member))).toEqual([401, 'session_ended']);
    expect((await logIn(member.email, PASSWORD)).status).toBe(401);
    const login = await logIn(member.email, NEW_PASSWORD);
    expect(login.body.data).toMatchObject({ user: { emailVerified: true } });
    expect((await world.smtp.mailTo(member.email, 2)).subject).toBe('Your password was changed');
    const [event] = await world.sql(`select actor_email, after from audit_events
                                      where action = 'password.reset' and actor_id = '${member.userId}'`);
    expect(event).toEqual({ actor_email: member.email, after: { reason: 'mailed_link' } });
  });

  it('works once, also where two come at a time', async () => {
    const { manager } = tenant;
    const token = await forgot(manager.email);
    const passwords = ['first of two passwords', 'second of two passwords'];
    const answers = await Promise.all(
      passwords.map((password) => post('/auth/reset-password', { token, password })),
    );
    expect(answers.map(told).sort()).toEqual([
      [200, undefined],
      [400, 'link_invalid'],
    ]);
    const winner = answers.findIndex(({ status }) => status === 200);
    const logins = await Promise.all(passwords.map((password) => logIn(manager.email, password)));
    expect(logins.map(({ status }) => status)).toEqual(winner === 0 ? [200, 401] : [401, 200]);
    expect(told(await post('/auth/reset-password', { token, password: NEW_PASSWORD }))).toEqual([
      400,
      'link_invalid',
    ]);
  });

  it('keeps its link for a password that is allowed', async () => {
    const { viewer } = tenant;
    const token = await forgot(viewer.email);
    for (const password of ['short', 'passwordpassword', viewer.email]) {
      const { status, body } = await post('/auth/reset-password', { token, password });
      expect([status, body.error?.details?.[0]?.path]).toEqual([400, 'password']);
    }
    expect((await post('/auth/reset-password', { token, password: NEW_PASSWORD })).status).toBe(200);
  });

  it('works where the account is locked, and lifts the lock', async () => {
    const { email } = tenant.admin;
    await Promise.all(Array.from({ length: 6 }, () => logIn(email, 'wrong')));
    expect((await logIn(email, PASSWORD)).status).toBe(429);
    const locked = await world.smtp.mailTo(email, 1);
    expect(locked.subject).toBe('Your account is locked for a while');
    expect(locked.text).toMatch(/nobody can log in with one, until \d+ \w+ \d{4}/);
    const token = await forgot(email);
    expect((await post('/auth/reset-password', { token, password: NEW_PASSWORD })).status).toBe(200);
    expect((await logIn(email, NEW_PASSWORD)).status).toBe(200);
  });

  it('leaves the second factor on', async () => {
    const { id, email } = await world.addUser();
    await world.sql(`update users set two_factor_enabled_at = now() where id = '${id}'`);
    const token = await forgot(email);
    // Eight characters do, beside a second factor.
    expect((await post('/auth/reset-password', { token, password: 'kq7-vz2x' })).status).toBe(200);
    const [user] = await world.sql(`select two_factor_enabled_at from users where id = '${id}'`);
    expect(user?.two_factor_enabled_at).not.toBeNull();
  });
});

describe('asking for a mail', () => {
  it('answers, writes and takes the same for an address that nobody has', async () => {
    const { email } = await world.addUser();
    for (const path of ['/auth/forgot-password', '/auth/resend-verification']) {
      const known = await post(path, { email });
      const unknown = await post(path, { email: 'stranger@example.test' });
      const { requestId: _, ...shown } = known.body as { requestId?: string };
      expect([unknown.status, unknown.body]).toEqual([202, shown]);
    }
    const rows = (address: string) =>
      world.sql(`select template from mails where lower(recipient) = '${address}' order by template`);
    expect(await rows('stranger@example.test')).toEqual(await rows(email));
    await allDecided();
    expect([mailsTo(email), mailsTo('stranger@example.test')]).toEqual([2, 0]);
  });

  it('mails the account’s own address, not one that only looks like it', async () => {
    await world.sql(`insert into users (id, email, name, password_hash)
                     values (gen_random_uuid(), 'mike@example.test', 'Mike', 'x')`);
    const before = world.smtp.received.length;
    // K, the sign of Kelvin, is k in lower case.
    await post('/auth/forgot-password', { email: 'mi\u212ae@example.test' });
    await allDecided();
    const to = world.smtp.received.slice(before).flatMap((mail) => mail.to);
    expect(to.filter((address) => address !== 'mike@example.test')).toEqual([]);
  });

  it('links to the configured address, whatever host the request names', async () => {
    const { email } = await world.addUser();
    const headers = {
      Host: 'evil.example',
      'X-Forwarded-Host': 'evil.example',
      Origin: 'https://evil.example',
    };
    await post('/auth/forgot-password', { email }, { headers });
    const mail = await world.smtp.mailTo(email);
    expect(mail.text).toContain(`${PUBLIC_URL}/account/reset-password#token=${mail.token}`);
    expect(mail.text).not.toContain('evil');
  });
});

it('writes to one address three times an hour, whether or not it has an account', async () => {
  const limited = await serve({}, {});
  try {
    const { admin } = await createTenant({ db: limited.db, secrets: [JWT_SECRET] });
    const ask = (path: string, json: object, token?: string) =>
      call(limited.port, { method: 'post', path: `/api/v1/auth/${path}`, json, token });
    for (const email of [admin.email, 'nobody@example.test']) {
      const answers = [
        await ask('forgot-password', { email }),
        await ask('resend-verification', { email: email.toUpperCase() }),
        await ask('forgot-password', { email }),
        await ask('forgot-password', { email }),
        await ask('resend-verification', { email }),
      ];
      expect([email, answers.map(({ status }) => status)]).toEqual([email, [202, 202, 202, 429, 429]]);
    }
    expect((await ask('resend-verification', {}, admin.token)).status).toBe(429);
    const rows = await query(limited.databaseUrl, 'select from mails');
    expect(rows).toHaveLength(6);
  } finally {
    await limited.close();
  }
});

it('leaves no token and no password in log, jobs or database', async () => {
  await allDecided();
  const macs = world.smtp.received.map(({ token }) => token.split('.')[1]).filter(Boolean);
  expect(macs.length).toBeGreaterThan(5);
  const [{ rows } = { rows: '' }] = (await world.sql(
    `select string_agg(query_to_xml('select * from ' || quote_ident(tablename), true, false, '')::text, '') as rows
       from pg_tables where schemaname = 'public'`,
  )) as { rows: string }[];
  const jobs = await world.served.jobs.queues.mail.getJobs(['completed', 'failed', 'waiting', 'active']);
  for (const place of [world.log(), rows, JSON.stringify(jobs)]) {
    for (const secret of [...macs, PASSWORD, NEW_PASSWORD])
      expect(place.includes(secret as string)).toBe(false);
  }
});
