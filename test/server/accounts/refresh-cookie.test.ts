import { query } from '../../support/postgres';
import { apiOf, type ApiAnswer } from '../http/api';
import { expectRefusal } from '../http/expect-refusal';
import { serve, type Served } from '../serve';
import { dataOf, newSomebody, type LoggedIn, type Tokens } from './people';

const APP = 'https://app.example.test';
const NAME = '__Host-liveboard_refresh';

let served: Served;
beforeAll(async () => {
  served = await serve({ ENCRYPTION_KEYS: 'a key of the tests', CORS_ORIGINS: APP });
});
afterAll(() => served.close());

const setCookies = ({ headers }: ApiAnswer) => headers['set-cookie'] ?? [];
const cookieOf = (answer: ApiAnswer) => (setCookies(answer)[0] ?? '').split(';', 1)[0] ?? '';
/** As a page of this origin sends it. */
const from = (origin: string | undefined, cookie?: string) => ({
  ...(origin !== undefined && { Origin: origin }),
  ...(cookie !== undefined && { Cookie: cookie }),
});
const post = (path: string, body: object, headers: Record<string, string>, token?: string) =>
  apiOf(served.port, token).post(path, body, headers);

async function browser() {
  const somebody = await newSomebody(served.port);
  const { email, password } = somebody;
  const answer = await post('/auth/login', { email, password, cookie: true }, from(APP));
  expect(answer.status).toBe(200);
  return { ...somebody, answer, cookie: cookieOf(answer), tokens: dataOf<LoggedIn>(answer).tokens };
}
const refresh = (cookie: string, origin: string | undefined = APP) =>
  post('/auth/refresh', {}, from(origin, cookie));

it('keeps the refresh token from the page’s scripts', async () => {
  const { answer, tokens, cookie } = await browser();
  expect(Object.keys(tokens).sort()).toEqual(['accessToken', 'expiresIn']);
  expect(setCookies(answer)).toHaveLength(1);
  const [, ...flags] = (setCookies(answer)[0] ?? '').split('; ');
  expect(flags.sort()).toEqual(['HttpOnly', 'Max-Age=604800', 'Path=/', 'SameSite=Strict', 'Secure']);
  expect(cookie).toMatch(new RegExp(`^${NAME}=[0-9a-f-]{36}\\.1\\.[\\w-]{43}$`));
  expect(answer.text).not.toContain(cookie.slice(NAME.length + 1));
});

it('is only there when it is asked for', async () => {
  const { email, password } = await newSomebody(served.port);
  const answer = await post('/auth/login', { email, password }, from(APP));
  expect(setCookies(answer)).toEqual([]);
  expect(dataOf<LoggedIn>(answer).tokens.refreshToken).toEqual(expect.any(String));
});

it('gives new tokens and a new cookie, from the same host and from CORS_ORIGINS', async () => {
  const { cookie } = await browser();
  let current = cookie;
  const pages: Record<string, string>[] = [
    from(APP),
    from(`http://127.0.0.1:${served.port}`),
    { 'Sec-Fetch-Site': 'same-origin' },
  ];
  for (const headers of pages) {
    const answer = await post('/auth/refresh', {}, { Cookie: current, ...headers });
    expect([headers, answer.status]).toEqual([headers, 200]);
    const { tokens } = dataOf<{ tokens: Tokens }>(answer);
    expect(Object.keys(tokens).sort()).toEqual(['accessToken', 'expiresIn']);
    expect((await apiOf(served.port, tokens.accessToken).get('/auth/me')).status).toBe(200);
    expect(cookieOf(answer)).not.toBe(current);
    current = cookieOf(answer);
  }
});

it('does nothing for a page of anywhere else, and for whoever names none', async () => {
  const { cookie, email, password } = await browser();
  for (const headers of [
    from('https://evil.example.test', cookie),
    from('null', cookie),
    from(undefined, cookie),
    from(`${APP}.evil.test`, cookie),
    { ...from('https://evil.example.test', cookie), 'Sec-Fetch-Site': 'same-site' },
    { Cookie: cookie, 'Sec-Fetch-Site': 'cross-site' },
  ]) {
    const answer = await post('/auth/refresh', {}, headers);
    expectRefusal(JSON.stringify(headers), answer, [403]);
    expect([headers, answer.body.error?.code, setCookies(answer)]).toEqual([headers, 'origin_refused', []]);
  }
  const asked = await post(
    '/auth/login',
    { email, password, cookie: true },
    from('https://evil.example.test'),
  );
  expectRefusal('asking for one', asked, [403]);
  const [, sessionId = ''] = /=([^.]+)/.exec(cookie) ?? [];
  const [session] = await query(
    served.databaseUrl,
    `select generation, revoked_at from sessions where id = '${sessionId}'`,
  );
  expect(session).toEqual({ generation: 1, revoked_at: null });
  expect((await refresh(cookie)).status).toBe(200);
});

it('goes with the logout', async () => {
  const { cookie, tokens } = await browser();
  const gone = await apiOf(served.port, tokens.accessToken).post(
    '/auth/logout',
    undefined,
    from(APP, cookie),
  );
  expect(gone.status).toBe(204);
  expect(setCookies(gone)).toEqual([`${NAME}=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Strict`]);
  const answer = await refresh(cookie);
  expectRefusal('its cookie', answer, [401]);
  expect(setCookies(answer)[0]).toContain('Max-Age=0');
});

it('a refresh without either is refused', async () => {
  const answer = await post('/auth/refresh', {}, from(APP));
  expectRefusal('nothing', answer, [401]);
  expect(setCookies(answer)).toEqual([]);
});
