import { newId } from '../../../lib/ids';
import { linkTokenOf } from '../../../domain/accounts/link-tokens';
import { createPerson, createTenant, PASSWORD, type Tenant } from '../../factories/tenant';
import { eventually } from '../../support/eventually';
import { whileHeld } from '../../support/held';
import { query } from '../../support/postgres';
import { apiOf, call, detailPaths, type ApiAnswer } from '../http/api';
import { JWT_SECRET, serve, type Served } from '../serve';

interface Invitation {
  id: string;
  email: string;
  role: string;
  expiresAt: string;
}
interface Joined {
  user: { id: string; emailVerified: boolean };
  business: { id: string; role: string };
  tokens: { accessToken: string; refreshToken: string } | null;
}

let served: Served;
let tenant: Tenant;
beforeAll(async () => {
  served = await serve();
});
beforeEach(async () => {
  tenant = await createTenant(making());
});
afterAll(() => served.close());

const making = () => ({ db: served.db, secrets: [JWT_SECRET] });
const sql = (text: string) => query(served.databaseUrl, text);
const api = ({ token }: { token: string }) => apiOf(served.port, token);
const told = ({ status, body }: ApiAnswer) => [status, body?.error?.code];
const dataOf = <T>(answer: ApiAnswer) => answer.body.data as T;
const address = () => `${newId()}@example.test`;
const invite = async (email: string, role = 'member') =>
  dataOf<Invitation>(await api(tenant.admin).post('/business/invitations', { email, role }));
const linkOf = ({ id }: { id: string }) => linkTokenOf('invitation', id, [JWT_SECRET]);
const accept = (body: object, token?: string) =>
  call(served.port, { method: 'post', path: '/api/v1/invitations/accept', json: body, token });
const NEWCOMER = { name: 'A newcomer', password: PASSWORD };
/** Past the time in which an address is not written to again. */
const aMinuteLater = (email: string) =>
  sql(`update invitations set created_at = created_at - interval '61 s' where email = '${email}'`);

it('is mailed, lasts seven days, and is listed until it is accepted', async () => {
  const email = address();
  const made = await invite(email, 'manager');
  expect(made).toMatchObject({ email, role: 'manager', invitedBy: tenant.admin.userId });
  const days = (Date.parse(made.expiresAt) - Date.now()) / 86_400_000;
  expect(days).toBeGreaterThan(6.9);
  expect(days).toBeLessThanOrEqual(7.1);
  const mails = await sql(
    `select template, subject_id, business_id, user_id from mails where recipient = '${email}'`,
  );
  expect(mails).toEqual([
    { template: 'invitation', subject_id: made.id, business_id: tenant.businessId, user_id: null },
  ]);
  await eventually('the mail is handed to a worker', async () => (await served.jobs.queues.mail.count()) > 0);
  expect(dataOf<Invitation[]>(await api(tenant.admin).get('/business/invitations'))).toEqual([made]);
  await accept({ token: linkOf(made), ...NEWCOMER });
  expect(dataOf(await api(tenant.admin).get('/business/invitations'))).toEqual([]);
});

it('again replaces the earlier one, whose link is void, but not within a minute', async () => {
  const email = address();
  const first = await invite(email, 'admin');
  const again = () =>
    api(tenant.admin).post('/business/invitations', { email: email.toUpperCase(), role: 'viewer' });
  const tooSoon = await again();
  expect(told(tooSoon)).toEqual([429, 'rate_limited']);
  expect(Number(tooSoon.headers['retry-after'])).toBeGreaterThan(0);
  await aMinuteLater(email);
  const second = dataOf<Invitation>(await again());
  expect(second.id).not.toBe(first.id);
  expect(told(await accept({ token: linkOf(first), ...NEWCOMER }))).toEqual([400, 'link_invalid']);
  expect(dataOf<Joined>(await accept({ token: linkOf(second), ...NEWCOMER })).business.role).toBe('viewer');
});

it('withdrawn, run out, forged or of another purpose, its link is void', async () => {
  const [withdrawn, old] = [await invite(address()), await invite(address())];
  expect((await api(tenant.admin).delete(`/business/invitations/${withdrawn.id}`)).status).toBe(204);
  await sql(`update invitations set expires_at = now() where id = '${old.id}'`);
  const live = await invite(address());
  const links = [
    linkOf(withdrawn),
    linkOf(old),
    linkOf({ id: newId() }),
    linkTokenOf('reset_password', live.id, [JWT_SECRET]),
    linkTokenOf('invitation', live.id, ['another secret that is long enough']),
    live.id,
  ];
  for (const token of links) {
    expect([token, ...told(await accept({ token, ...NEWCOMER }))]).toEqual([token, 400, 'link_invalid']);
    expect(told(await accept({ token }, tenant.viewer.token))).toEqual([400, 'link_invalid']);
  }
});

describe('who has no account', () => {
  it('registers with it, verified, and is logged in to that business', async () => {
    const email = address();
    const joined = dataOf<Joined>(await accept({ token: linkOf(await invite(email)), ...NEWCOMER }));
    expect(joined).toMatchObject({
      user: { email, name: 'A newcomer', emailVerified: true },
      business: { id: tenant.businessId, role: 'member' },
    });
    const { data } = (await api({ token: joined.tokens?.accessToken ?? '' }).get('/auth/me')).body;
    expect(data).toMatchObject({ business: { id: tenant.businessId } });
    const refreshed = await apiOf(served.port).post('/auth/refresh', {
      refreshToken: joined.tokens?.refreshToken,
    });
    expect(refreshed.status).toBe(200);
    expect((await apiOf(served.port).post('/auth/login', { email, password: PASSWORD })).status).toBe(200);
  });

  it('needs a name and a password that is allowed', async () => {
    const token = linkOf(await invite(address()));
    expect(detailPaths(await accept({ token }))).toEqual(['name', 'password']);
    const common = await accept({ token, name: 'A newcomer', password: 'passwordpassword' });
    expect([common.status, detailPaths(common)]).toEqual([400, ['password']]);
    expect((await accept({ token, ...NEWCOMER })).status).toBe(200);
  });

  it('joins once, however many try at a time', async () => {
    const email = address();
    const made = await invite(email);
    const body = { token: linkOf(made), ...NEWCOMER };
    const answers = await whileHeld(served.databaseUrl, { table: 'invitations', id: made.id }, 3, () =>
      Promise.all(Array.from({ length: 6 }, () => accept(body))),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400, 400, 400, 400, 400]);
    expect(await sql(`select from users where email = '${email}'`)).toHaveLength(1);
    const log = await sql(`select action from audit_events where action = 'member.added'
                            and after->>'email' = '${email}'`);
    expect(log).toHaveLength(1);
  });
});

describe('who has an account', () => {
  const other = () => createTenant(making());

  it('accepts with their login, and switches there', async () => {
    const { member } = await other();
    const token = linkOf(await invite(member.email.toUpperCase()));
    const joined = dataOf<Joined>(await accept({ token }, member.token));
    expect(joined).toMatchObject({
      user: { id: member.userId },
      business: { id: tenant.businessId, role: 'member' },
      tokens: null,
    });
    const mine = dataOf<{ id: string }[]>(await api(member).get('/businesses'));
    expect(mine.map(({ id }) => id)).toEqual([member.businessId, tenant.businessId]);
    expect(told(await accept({ token }, member.token))).toEqual([400, 'link_invalid']);
  });

  it('is never joined without it', async () => {
    const { member, viewer } = await other();
    const token = linkOf(await invite(member.email));
    expect(told(await accept({ token, ...NEWCOMER }))).toEqual([409, 'login_required']);
    expect(told(await accept({ token }))).toEqual([409, 'login_required']);
    expect(told(await accept({ token }, viewer.token))).toEqual([403, 'other_address']);
    expect(told(await accept({ token }, 'no token'))).toEqual([401, 'invalid_token']);
    await sql(`update users set email_verified_at = null where id = '${member.userId}'`);
    expect(told(await accept({ token }, member.token))).toEqual([403, 'email_unverified']);
    expect(await sql(`select from memberships where user_id = '${member.userId}'`)).toHaveLength(1);
    await sql(`update users set email_verified_at = now() where id = '${member.userId}'`);
    expect((await accept({ token }, member.token)).status).toBe(200);
  });

  it('is told so where they belong to the business', async () => {
    const answer = await api(tenant.admin).post('/business/invitations', {
      email: tenant.viewer.email.toUpperCase(),
      role: 'admin',
    });
    expect([...told(answer), detailPaths(answer)]).toEqual([409, 'already_member', ['email']]);
  });
});

it('is an admin’s with a verified address to send, and to no one else', async () => {
  const body = { email: address(), role: 'viewer' };
  expect(told(await api(tenant.manager).post('/business/invitations', body))).toEqual([403, 'forbidden']);
  const unverified = await createPerson(making(), tenant.businessId, 'admin');
  await sql(`update users set email_verified_at = null where id = '${unverified.userId}'`);
  expect(told(await api(unverified).post('/business/invitations', body))).toEqual([403, 'email_unverified']);
  const other = await createTenant(making());
  const { id } = await invite(address());
  expect(told(await api(other.admin).delete(`/business/invitations/${id}`))).toEqual([404, 'not_found']);
  expect(await sql(`select from invitations where business_id = '${tenant.businessId}'`)).toHaveLength(1);
});

it('sent twice under one Idempotency-Key is one, and one mail', async () => {
  const email = address();
  const send = () =>
    api(tenant.admin).post(
      '/business/invitations',
      { email, role: 'viewer' },
      { 'Idempotency-Key': 'a-key' },
    );
  const [first, second] = [await send(), await send()];
  expect([first.status, second.body.data]).toEqual([201, first.body.data]);
  expect(second.headers['idempotency-replayed']).toBe('true');
  expect(await sql(`select from mails where recipient = '${email}'`)).toHaveLength(1);
});
