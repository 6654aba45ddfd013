import { rmSync } from 'node:fs';
import { registerBody } from '../../factories/bodies';
import { spawnApp, type App } from '../../support/app';
import { everyRow } from '../../support/every-row';
import { createTestDatabase } from '../../support/postgres';
import { temporaryDirectory } from '../../support/temporary';
import { totpCode } from '../../support/totp';
import { apiOf as plainApiOf, call, type Api } from '../http/api';
import { dataOf, guard, type LoggedIn } from './people';

const METRICS_TOKEN = 'the metrics token of the tests';
/** Each to be recognised, whatever it becomes part of. */
const PASSWORDS = ['planted-password-one-6f0e', 'planted-password-two-6f0e', 'planted-password-bad-6f0e'];
const [FIRST = '', SECOND = '', WRONG = ''] = PASSWORDS;

let database: { url: string; drop(): Promise<void> };
let directory: string;
let app: App;
let port: number;
beforeAll(async () => {
  database = await createTestDatabase();
  directory = temporaryDirectory();
  app = spawnApp('start', {
    DATABASE_URL: database.url,
    DATA_DIR: directory,
    HOST: '127.0.0.1',
    PORT: '0',
    METRICS_TOKEN,
    TRUSTED_PROXIES: '1',
    LOG_LEVEL: 'trace',
  });
  ({ port } = JSON.parse(await app.waitForLine(/"msg":"ready"/)) as { port: number });
});
afterAll(async () => {
  await app?.kill('SIGTERM');
  await database?.drop();
  rmSync(directory, { recursive: true, force: true });
});

let addresses = 0;
/** Each call from an address of its own: one address may log in ten times a minute. */
function apiOf(token?: string): Api {
  const api = plainApiOf(port, token);
  const from = () => ({ 'X-Forwarded-For': `203.0.113.${(addresses += 1)}` });
  return { ...api, post: (path, json, headers) => api.post(path, json, { ...from(), ...headers }) };
}

it('keeps passwords, tokens, secrets and codes out of logs, metrics, jobs, audit events and all other rows', async () => {
  const secrets: string[] = [...PASSWORDS];
  const stranger = apiOf();
  const body = registerBody({ password: FIRST });
  const keep = <T extends { tokens: { accessToken: string; refreshToken?: string } }>(account: T): T => {
    const { accessToken, refreshToken } = account.tokens;
    secrets.push(accessToken, accessToken.split('.')[2] ?? accessToken);
    if (refreshToken) secrets.push(refreshToken, refreshToken.split('.')[2] ?? refreshToken);
    return account;
  };
  const login = async (password: string) => stranger.post('/auth/login', { email: body.email, password });
  const challenge = async (password: string) => {
    const answer = dataOf<{ twoFactor: { challenge: string } }>(await login(password)).twoFactor.challenge;
    secrets.push(answer, answer.split('.')[1] ?? answer);
    return answer;
  };

  const account = keep(dataOf<LoggedIn>(await stranger.post('/auth/register', body)));
  const api = apiOf(account.tokens.accessToken);
  expect((await login(WRONG)).status).toBe(401);
  keep(dataOf<LoggedIn>(await login(FIRST)));
  const { secret, recoveryCodes } = await guard(database.url, { api, password: FIRST, user: account.user });
  secrets.push(secret, ...recoveryCodes, ...recoveryCodes.map((code) => code.replaceAll('-', '')));
  const [one = '', two = ''] = recoveryCodes;
  const code = totpCode(secret);
  keep(
    dataOf<LoggedIn>(await stranger.post('/auth/2fa/verify', { challenge: await challenge(FIRST), code })),
  );
  keep(
    dataOf<LoggedIn>(
      await stranger.post('/auth/2fa/verify', { challenge: await challenge(FIRST), recoveryCode: one }),
    ),
  );
  const wrongCode = await stranger.post('/auth/2fa/verify', {
    challenge: await challenge(FIRST),
    recoveryCode: `${two}x`,
  });
  expect(wrongCode.status).toBe(401);
  const changed = await api.post('/auth/change-password', { currentPassword: FIRST, newPassword: SECOND });
  expect(changed.status).toBe(204);
  const renewed = await api.post('/auth/2fa/recovery-codes', { password: SECOND, recoveryCode: two });
  secrets.push(...dataOf<{ recoveryCodes: string[] }>(renewed).recoveryCodes);
  const refreshed = await stranger.post('/auth/refresh', { refreshToken: account.tokens.refreshToken });
  keep(dataOf<LoggedIn>(refreshed));
  await call(port, {
    method: 'post',
    path: '/api/v1/auth/refresh',
    headers: { Cookie: `__Host-liveboard_refresh=${account.tokens.refreshToken}`, Origin: 'https://a.test' },
  });
  for (let wrong = 0; wrong < 6; wrong++) await login(WRONG);

  const metrics = await call(port, { method: 'get', path: '/metrics', token: METRICS_TOKEN });
  expect(metrics.status).toBe(200);
  const rows = await everyRow(database.url);
  expect(rows).toContain(body.email);
  expect(rows).toContain('account.locked');
  const log = app.output.join('\n');
  expect(log).toContain('/api/v1/auth/2fa/verify');
  expect(new Set(secrets).size).toBeGreaterThan(30);
  const found = secrets.filter((text) => [log, metrics.text, rows].some((place) => place.includes(text)));
  expect(found).toEqual([]);
  // Of the code itself, six digits that anything could hold, only what is near its name.
  expect(log).not.toMatch(new RegExp(`code\\W{1,5}${code}`));
});
