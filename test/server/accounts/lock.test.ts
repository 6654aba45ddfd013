import { hash } from '@node-rs/argon2';
import { passwordChecks } from '../../../domain/accounts/passwords';
import { query } from '../../support/postgres';
import { apiOf, type ApiAnswer } from '../http/api';
import { expectRefusal } from '../http/expect-refusal';
import { serve, type Served } from '../serve';
import { logIn, newSomebody, type Somebody } from './people';

let served: Served;
let checks = 0;
const count = () => void (checks += 1);
beforeAll(async () => {
  served = await serve({ ENCRYPTION_KEYS: 'a key of the tests' });
  passwordChecks.subscribe(count);
});
afterAll(async () => {
  passwordChecks.unsubscribe(count);
  await served.close();
});
beforeEach(() => {
  checks = 0;
});

const wrong = (email: string, index = 0) =>
  logIn(served.port, { email, password: `not the right password ${index}` });
const wrongTimes = async (email: string, times: number) => {
  const answers: ApiAnswer[] = [];
  for (let index = 0; index < times; index++) answers.push(await wrong(email, index));
  return answers;
};
const statuses = (answers: ApiAnswer[]) => answers.map(({ status }) => status);
const unlock = () => query(served.databaseUrl, 'update login_failures set locked_until = now()');
const events = (userId: string, action: string) =>
  query(
    served.databaseUrl,
    `select subject_id, after from audit_events where action = '${action}' and subject_id = '${userId}'`,
  );
const mailsTo = async (email: string) =>
  (
    await query(served.databaseUrl, `select template from mails where recipient = '${email}' order by id`)
  ).map(({ template }) => template);

it('looks at five of fifty wrong passwords that come at once', async () => {
  const somebody = await newSomebody(served.port);
  checks = 0;
  const answers = await Promise.all(Array.from({ length: 50 }, (_, index) => wrong(somebody.email, index)));
  expect(checks).toBe(5);
  expect(statuses(answers).filter((status) => status === 401)).toHaveLength(5);
  expect(statuses(answers).filter((status) => status === 429)).toHaveLength(45);
  expect(await events(somebody.user.id, 'login.failed')).toHaveLength(5);
  expect(await events(somebody.user.id, 'account.locked')).toHaveLength(1);
});

it('refuses the right password while the lock lasts, and takes it after', async () => {
  const somebody = await newSomebody(served.port);
  await wrongTimes(somebody.email, 5);
  checks = 0;
  const answer = await logIn(served.port, somebody);
  expectRefusal('the right password', answer, [429]);
  expect(answer.body.error?.code).toBe('login_locked');
  expect(Number(answer.headers['retry-after'])).toBeGreaterThan(14 * 60);
  expect(Number(answer.headers['retry-after'])).toBeLessThanOrEqual(15 * 60);
  expect(checks).toBe(0);
  // Whoever is in stays in: a lock is about coming in.
  expect((await somebody.api.get('/auth/me')).status).toBe(200);
  await unlock();
  expect((await logIn(served.port, somebody)).status).toBe(200);
});

it('begins to count anew with each right password', async () => {
  const somebody = await newSomebody(served.port);
  for (let round = 0; round < 3; round++) {
    expect(statuses(await wrongTimes(somebody.email, 4))).toEqual([401, 401, 401, 401]);
    expect((await logIn(served.port, somebody)).status).toBe(200);
  }
});

it('does with an unknown address what it does with a known one', async () => {
  const { email } = await newSomebody(served.port);
  const told = ({ status, headers, body }: ApiAnswer) => ({
    status,
    message: body.message,
    code: body.error?.code,
    details: body.error?.details,
    headers: Object.keys(headers).sort(),
    length: headers['content-length'],
  });
  const [known, unknown] = [await wrongTimes(email, 7), await wrongTimes('nobody-at-all@example.test', 7)];
  expect(statuses(known)).toEqual([401, 401, 401, 401, 401, 429, 429]);
  expect(unknown.map(told)).toEqual(known.map(told));
  expect(checks).toBe(10);
  // And longer, the second time.
  await unlock();
  const again = async (address: string) => (await wrongTimes(address, 6))[5]?.headers['retry-after'];
  for (const seconds of [await again(email), await again('nobody-at-all@example.test')]) {
    expect(Number(seconds)).toBeGreaterThan(29 * 60);
    expect(Number(seconds)).toBeLessThanOrEqual(30 * 60);
  }
  expect(await mailsTo('nobody-at-all@example.test')).toEqual([]);
});

it('tells the owner once for each lock', async () => {
  const { email } = await newSomebody(served.port);
  await Promise.all(Array.from({ length: 20 }, (_, index) => wrong(email, index)));
  expect(await mailsTo(email)).toEqual(['verify_email', 'account_locked']);
  await wrongTimes(email, 3);
  expect(await mailsTo(email)).toEqual(['verify_email', 'account_locked']);
});

it('leaves the way by mail open', async () => {
  const { email } = await newSomebody(served.port);
  await wrongTimes(email, 6);
  const answer = await apiOf(served.port).post('/auth/forgot-password', { email });
  expect(answer.status).toBeLessThan(300);
  expect(await mailsTo(email)).toContain('reset_password');
});

describe('a password asked for again', () => {
  const ways: [string, (somebody: Somebody, password: string) => Promise<ApiAnswer>][] = [
    [
      'to change it',
      ({ api }, currentPassword) =>
        api.post('/auth/change-password', { currentPassword, newPassword: 'another long password' }),
    ],
    ['to set a second factor up', ({ api }, password) => api.post('/auth/2fa/setup', { password })],
    [
      'to turn a second factor off',
      ({ api }, password) => api.post('/auth/2fa/disable', { password, code: '000000' }),
    ],
    [
      'for new recovery codes',
      ({ api }, password) => api.post('/auth/2fa/recovery-codes', { password, code: '000000' }),
    ],
  ];
  it.each(ways)('counts like a login: %s', async (_, send) => {
    const somebody = await newSomebody(served.port);
    const tries = [];
    for (let index = 0; index < 6; index++) tries.push(await send(somebody, 'not the right password'));
    expect(statuses(tries)).toEqual([400, 400, 400, 400, 400, 429]);
    expect(tries[0]?.body.error?.code).toBe('wrong_password');
    expectRefusal('a login', await logIn(served.port, somebody), [429]);
  });
});

it('hashes anew what was hashed with other parameters, once the password is known', async () => {
  const somebody = await newSomebody(served.port);
  const { id } = somebody.user;
  const weaker = await hash(somebody.password, { memoryCost: 8_192, timeCost: 1, parallelism: 1 });
  await query(served.databaseUrl, `update users set password_hash = '${weaker}' where id = '${id}'`);
  const stored = async () => {
    const [row] = await query(served.databaseUrl, `select password_hash from users where id = '${id}'`);
    return String(row?.password_hash);
  };
  await wrong(somebody.email);
  expect(await stored()).toBe(weaker);
  expect((await logIn(served.port, somebody)).status).toBe(200);
  const renewed = await stored();
  expect(renewed).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  expect((await logIn(served.port, somebody)).status).toBe(200);
  expect(await stored()).toBe(renewed);
});
