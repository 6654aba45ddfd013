import { query } from '../support/postgres';
import { totpCode } from '../support/totp';
import { challenged, guard, logIn as logInToApi, newSomebody, type Somebody } from './accounts/people';
import { ask, serve, type Answer, type Served } from './serve';

let served: Served;
beforeEach(async () => {
  served = await serve({ ENCRYPTION_KEYS: 'a key of the tests' });
});
afterEach(() => served.close());

const LOGIN = '/admin/queues/login';

async function newOperator(): Promise<Somebody> {
  const somebody = await newSomebody(served.port);
  await query(served.databaseUrl, `update users set operator = true where id = '${somebody.user.id}'`);
  return somebody;
}

const cookieOf = (answer: Answer) =>
  answer.headers
    .getSetCookie()
    .map((line) => line.split(';', 1)[0])
    .join('; ');
const hidden = (page: Answer, name: string) =>
  new RegExp(`name="${name}" value="([^"]*)"`).exec(page.text)?.[1] ?? '';

/** A browser that fills in the forms as they come. */
async function browser() {
  const first = await ask(`${served.url}${LOGIN}`);
  const Cookie = cookieOf(first);
  const token = hidden(first, 'token');
  return (fields: Record<string, string>) =>
    ask(`${served.url}${LOGIN}`, {
      method: 'POST',
      headers: { Cookie, 'Sec-Fetch-Site': 'same-origin' },
      body: new URLSearchParams({ token, ...fields }),
    });
}
const isLoggedIn = async (answer: Answer) => {
  expect(answer.status).toBe(303);
  const queues = await ask(`${served.url}/admin/queues/api/queues`, {
    headers: { Cookie: cookieOf(answer) },
  });
  return queues.status === 200;
};

describe('an operator with a second factor', () => {
  it('is asked for the code in a second form', async () => {
    const { email, password, ...operator } = await newOperator();
    const { secret } = await guard(served.databaseUrl, { ...operator, password });
    const send = await browser();
    const second = await send({ email, password });
    expect([second.status, second.headers.getSetCookie()]).toEqual([200, []]);
    expect(second.text).toContain('autocomplete="one-time-code"');
    const challenge = hidden(second, 'challenge');
    const wrong = await send({ challenge, code: '000000' });
    expect([wrong.status, hidden(wrong, 'challenge')]).toEqual([401, challenge]);
    expect(wrong.text).toContain('The code is wrong or was used already.');
    const code = totpCode(secret);
    expect(await isLoggedIn(await send({ challenge, code: ` ${code} ` }))).toBe(true);
    const again = await send({ challenge, code });
    expect([again.status, hidden(again, 'challenge')]).toEqual([401, '']);
    expect(again.headers.getSetCookie()).toEqual([]);
  });

  it('may come with a recovery code, once', async () => {
    const { email, password, ...operator } = await newOperator();
    const { recoveryCodes } = await guard(served.databaseUrl, { ...operator, password });
    const [code = ''] = recoveryCodes;
    const send = await browser();
    const use = async () => send({ challenge: hidden(await send({ email, password }), 'challenge'), code });
    expect(await isLoggedIn(await use())).toBe(true);
    expect((await use()).status).toBe(401);
  });

  it('is told nothing of a second factor where they are no operator', async () => {
    const somebody = await newSomebody(served.port);
    const { secret } = await guard(served.databaseUrl, somebody);
    const send = await browser();
    const answer = await send({ email: somebody.email, password: somebody.password });
    expect([answer.status, hidden(answer, 'challenge')]).toEqual([401, '']);
    // Nor is a challenge of the API a way in.
    const challenge = await challenged(served.port, somebody);
    const refused = await send({ challenge, code: totpCode(secret) });
    expect([refused.status, refused.headers.getSetCookie()]).toEqual([401, []]);
  });
});

describe('the lock', () => {
  it('of the board and of the API is one', async () => {
    const { email, password } = await newOperator();
    const send = await browser();
    for (let wrong = 0; wrong < 3; wrong++) {
      expect((await send({ email, password: 'wrong' })).status).toBe(401);
    }
    for (let wrong = 0; wrong < 2; wrong++) {
      expect((await logInToApi(served.port, { email, password: 'wrong' })).status).toBe(401);
    }
    const refused = await send({ email, password });
    expect([refused.status, refused.headers.getSetCookie()]).toEqual([429, []]);
    expect(refused.text).toContain('Too many wrong tries.');
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(14 * 60);
    expect((await logInToApi(served.port, { email, password })).status).toBe(429);
  });

  it('counts wrong codes', async () => {
    const { email, password, ...operator } = await newOperator();
    await guard(served.databaseUrl, { ...operator, password });
    const send = await browser();
    const challenge = hidden(await send({ email, password }), 'challenge');
    const statuses = [];
    for (let wrong = 0; wrong < 5; wrong++) statuses.push((await send({ challenge, code: '000000' })).status);
    expect(statuses).toEqual([401, 401, 401, 401, 401]);
    expect((await send({ email, password })).status).toBe(429);
  });
});

it('takes an address with a zero character for one that nobody has', async () => {
  const send = await browser();
  expect((await send({ email: 'a\0b@example.test', password: 'wrong' })).status).toBe(401);
});
