import { createHmac, generateKeyPairSync } from 'node:crypto';
import jwt, { type SignOptions } from 'jsonwebtoken';
import { refreshTokenOf, signAccessToken } from '../../../domain/accounts/tokens';
import { newId } from '../../../lib/ids';
import { createTenant, type Tenant } from '../../factories/tenant';
import { query } from '../../support/postgres';
import { apiOf, call, type Call } from '../http/api';
import { expectRefusal } from '../http/expect-refusal';
import { serve, type Served } from '../serve';

const SECRETS = ['the newest secret of the tests', 'an older secret of the tests'];
const [NEWEST = '', OLDER = ''] = SECRETS;

let served: Served;
let tenant: Tenant;
let other: Tenant;
beforeAll(async () => {
  served = await serve({ JWT_SECRET: SECRETS.join(',') });
  const making = { db: served.db, secrets: SECRETS };
  [tenant, other] = await Promise.all([createTenant(making), createTenant(making)]);
});
afterAll(() => served.close());

const me = (token: string) => apiOf(served.port, token).get('/auth/me');

/** A token that is right but for what the test changes. */
function forge(changes: { payload?: object; options?: SignOptions; drop?: string[]; secret?: string } = {}) {
  const { sessionId: sid, businessId: bid, userId: sub } = tenant.admin;
  const now = Math.floor(Date.now() / 1000);
  const payload: Record<string, unknown> = {
    typ: 'access',
    iss: 'liveboard',
    aud: 'liveboard-api',
    sub,
    sid,
    bid,
    iat: now,
    exp: now + 600,
    ...changes.payload,
  };
  for (const claim of changes.drop ?? []) delete payload[claim];
  return jwt.sign(payload, changes.secret ?? NEWEST, {
    algorithm: 'HS256',
    noTimestamp: true,
    ...changes.options,
  });
}

const encode = (part: unknown) => Buffer.from(JSON.stringify(part)).toString('base64url');
/** A token with another header over the same claims, signed as `sign` says. */
function withHeader(header: object, sign: (text: string) => string, changes: object = {}) {
  const claims = encode({ ...(jwt.decode(forge()) as object), ...changes });
  const text = `${encode(header)}.${claims}`;
  return `${text}.${sign(text)}`;
}
const hmac = (key: string | Buffer) => (text: string) =>
  createHmac('sha256', key).update(text).digest('base64url');

it('takes its own tokens, and those that it would have made', async () => {
  expect((await me(tenant.admin.token)).status).toBe(200);
  expect((await me(forge())).status).toBe(200);
  expect((await me(withHeader({ alg: 'HS256' }, hmac(NEWEST)))).status).toBe(200);
});

describe('refuses a token', () => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const past = () => Math.floor(Date.now() / 1000) - 1;

  it.each<[string, () => string]>([
    ['without a signature (alg none)', () => withHeader({ alg: 'none', typ: 'JWT' }, () => '')],
    ['with alg nOnE', () => withHeader({ alg: 'nOnE' }, () => '')],
    ['with alg none and our signature', () => withHeader({ alg: 'none' }, hmac(NEWEST))],
    ['without an alg', () => withHeader({ typ: 'JWT' }, hmac(NEWEST))],
    ['signed with HS384', () => forge({ options: { algorithm: 'HS384' } })],
    ['signed with HS512', () => forge({ options: { algorithm: 'HS512' } })],
    ['signed with HS256 but called RS256', () => withHeader({ alg: 'RS256' }, hmac(NEWEST))],
    [
      'signed with RS256 by another key',
      () => forge({ secret: privateKey as never, options: { algorithm: 'RS256' } }),
    ],
    ['signed with a public key as the secret', () => withHeader({ alg: 'HS256' }, hmac(pem))],
    [
      'that brings its own key',
      () => withHeader({ alg: 'HS256', jwk: { kty: 'oct', k: 'AA' } }, hmac(Buffer.from([0]))),
    ],
    ['that names a file as its key', () => withHeader({ alg: 'HS256', kid: '/dev/null' }, hmac(''))],
    ['signed with another secret', () => forge({ secret: 'a secret of somebody else’s' })],
    ['signed with all secrets as they are listed', () => forge({ secret: SECRETS.join(',') })],
    ['of another issuer', () => forge({ payload: { iss: 'somebody' } })],
    ['of no issuer', () => forge({ drop: ['iss'] })],
    ['for another audience', () => forge({ payload: { aud: 'another-api' } })],
    ['for no audience', () => forge({ drop: ['aud'] })],
    ['that never ends', () => forge({ drop: ['exp'] })],
    ['that has run out', () => forge({ payload: { exp: past() } })],
    ['that ends at no number', () => withHeader({ alg: 'HS256' }, hmac(NEWEST), { exp: 'never' })],
    ['that is not valid yet', () => forge({ payload: { nbf: past() + 60 } })],
    ['of no kind', () => forge({ drop: ['typ'] })],
    ['of another kind', () => forge({ payload: { typ: 'refresh' } })],
    ['of no session', () => forge({ drop: ['sid'] })],
    ['of a session that is not', () => forge({ payload: { sid: newId() } })],
    ['of somebody else’s session', () => forge({ payload: { sid: tenant.viewer.sessionId } })],
    ['for another business', () => forge({ payload: { bid: other.businessId } })],
    ['for no business', () => forge({ drop: ['bid'] })],
    ['of nobody', () => forge({ drop: ['sub'] })],
    ['whose session is a query', () => forge({ payload: { sid: { $ne: null } } })],
    ['that lists two people', () => forge({ payload: { sub: [tenant.admin.userId, tenant.viewer.userId] } })],
    ['with a letter changed', () => forge().replace(/.$/, (last) => (last === 'A' ? 'Q' : 'A'))],
    ['that is a refresh token', () => refreshTokenOf(tenant.admin.sessionId, 1, SECRETS)],
    ['that is nothing', () => ''],
  ])('%s', async (what, make) => {
    const answer = await me(make());
    expectRefusal(what, answer, [401]);
    expect(answer.headers['www-authenticate']).toBe('Bearer');
  });
});

it('takes a token from one header only, as a bearer', async () => {
  const { token } = tenant.admin;
  expect.hasAssertions();
  const ways: Partial<Call>[] = [
    { headers: { Authorization: token } },
    { headers: { Authorization: `Basic ${token}` } },
    { headers: { Authorization: `Bearer ${token} ${token}` } },
    { headers: { 'X-Access-Token': token } },
    { headers: { Cookie: `token=${token}; accessToken=${token}` } },
    { headers: {}, json: { accessToken: token } },
  ];
  for (const way of ways) {
    const answer = await call(served.port, { method: 'get', path: '/api/v1/auth/me', ...way });
    expectRefusal(JSON.stringify(way), answer, [401]);
  }
});

it('refuses the token of a session that was deleted', async () => {
  expect.hasAssertions();
  const { viewer } = other;
  await query(served.databaseUrl, `delete from sessions where id = '${viewer.sessionId}'`);
  expectRefusal('a deleted session', await me(viewer.token), [401]);
});

describe('secrets that change', () => {
  it('sign with the newest and accept the older while it is listed', async () => {
    const { member } = tenant;
    const oldTokens = {
      access: signAccessToken(member, [OLDER]),
      refresh: refreshTokenOf(member.sessionId, 1, [OLDER]),
    };
    expect((await me(oldTokens.access)).status).toBe(200);
    const answer = await apiOf(served.port).post('/auth/refresh', { refreshToken: oldTokens.refresh });
    const { tokens } = answer.body.data as { tokens: { accessToken: string; refreshToken: string } };
    expect(() => jwt.verify(tokens.accessToken, NEWEST)).not.toThrow();
    expect(tokens.refreshToken).toBe(refreshTokenOf(member.sessionId, 2, [NEWEST]));
  });

  it('are refused once they are no longer listed', async () => {
    const removed = 'a secret that was removed';
    const { manager } = tenant;
    expectRefusal('an access token', await me(signAccessToken(manager, [removed])), [401]);
    const refreshToken = refreshTokenOf(manager.sessionId, 1, [removed]);
    expectRefusal('a refresh token', await apiOf(served.port).post('/auth/refresh', { refreshToken }), [401]);
    expect((await me(manager.token)).status).toBe(200);
  });
});
