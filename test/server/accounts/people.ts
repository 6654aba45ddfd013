import { registerBody } from '../../factories/bodies';
import { query } from '../../support/postgres';
import { totpCode } from '../../support/totp';
import { apiOf, type Api, type ApiAnswer } from '../http/api';

export interface Tokens {
  accessToken: string;
  refreshToken: string;
  expiresIn: number;
}
export interface LoggedIn {
  user: { id: string; email: string; twoFactorEnabled: boolean };
  business: { id: string; role: string };
  tokens: Tokens;
}

/** Somebody who registered, with their password. */
export interface Somebody extends LoggedIn {
  email: string;
  password: string;
  api: Api;
}

export const dataOf = <T>({ body }: ApiAnswer): T => body.data;

export async function newSomebody(port: number, overrides: Record<string, unknown> = {}): Promise<Somebody> {
  const { email, password, ...rest } = registerBody(overrides);
  const answer = await apiOf(port).post('/auth/register', { email, password, ...rest });
  if (answer.status !== 201) throw new Error(`register: ${answer.status} ${answer.text}`);
  const account = dataOf<LoggedIn>(answer);
  return { ...account, email, password, api: apiOf(port, account.tokens.accessToken) };
}

export const logIn = (port: number, { email, password }: { email: string; password: string }) =>
  apiOf(port).post('/auth/login', { email, password });

/** Another login of the same person, without a second factor. */
export async function secondLogin(port: number, somebody: Somebody): Promise<Somebody> {
  const account = dataOf<LoggedIn>(await logIn(port, somebody));
  return { ...somebody, ...account, api: apiOf(port, account.tokens.accessToken) };
}

export interface Guarded {
  secret: string;
  recoveryCodes: string[];
}

/** Turns a second factor on, and lets the time of the code that did it pass. */
export async function guard(
  databaseUrl: string,
  { api, password, user }: Pick<Somebody, 'api' | 'password' | 'user'>,
): Promise<Guarded> {
  const { secret } = dataOf<{ secret: string }>(await api.post('/auth/2fa/setup', { password }));
  const answer = await api.post('/auth/2fa/enable', { code: totpCode(secret) });
  if (answer.status !== 200) throw new Error(`enable: ${answer.status} ${answer.text}`);
  await query(databaseUrl, `update two_factor_secrets set last_step = 0 where user_id = '${user.id}'`);
  return { secret, recoveryCodes: dataOf<Guarded>(answer).recoveryCodes };
}

/** The challenge of a login whose password was right. */
export async function challenged(port: number, somebody: Somebody): Promise<string> {
  const answer = await logIn(port, somebody);
  const { twoFactor } = dataOf<{ twoFactor?: { challenge: string } }>(answer);
  if (!twoFactor) throw new Error(`no challenge: ${answer.status} ${answer.text}`);
  return twoFactor.challenge;
}
