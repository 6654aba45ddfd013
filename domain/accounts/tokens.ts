import { createHmac, timingSafeEqual } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { z } from 'zod';

/** product.md and OWASP ASVS 5.0: short access tokens, checked against their session all the same. */
export const ACCESS_TOKEN_SECONDS = 600;
export const TOKEN_ISSUER = 'liveboard';
export const TOKEN_AUDIENCE = 'liveboard-api';
/** One algorithm, pinned: `none` and every other are refused. */
export const TOKEN_ALGORITHM = 'HS256';

const claimsSchema = z.object({
  sub: z.uuid(),
  sid: z.uuid(),
  bid: z.uuid(),
  typ: z.literal('access'),
  exp: z.number(),
});

export interface AccessClaims {
  userId: string;
  sessionId: string;
  businessId: string;
  expiresAt: Date;
}

/** The claims of a token whose signature was checked already; undefined where they are not an access token's. */
export function readClaims(payload: unknown): AccessClaims | undefined {
  const parsed = claimsSchema.safeParse(payload);
  if (!parsed.success) return undefined;
  const { sub, sid, bid, exp } = parsed.data;
  return { userId: sub, sessionId: sid, businessId: bid, expiresAt: new Date(exp * 1000) };
}

/** @param secrets newest first; the newest signs */
export function signAccessToken(claims: Omit<AccessClaims, 'expiresAt'>, secrets: readonly string[]): string {
  return jwt.sign({ sid: claims.sessionId, bid: claims.businessId, typ: 'access' }, newestOf(secrets), {
    algorithm: TOKEN_ALGORITHM,
    subject: claims.userId,
    issuer: TOKEN_ISSUER,
    audience: TOKEN_AUDIENCE,
    expiresIn: ACCESS_TOKEN_SECONDS,
  });
}

/** Checks signature, algorithm, issuer, audience, expiry and kind. undefined where any of them is off. */
export function verifyAccessToken(token: string, secrets: readonly string[]): AccessClaims | undefined {
  for (const secret of secrets) {
    try {
      return readClaims(
        jwt.verify(token, secret, {
          algorithms: [TOKEN_ALGORITHM],
          issuer: TOKEN_ISSUER,
          audience: TOKEN_AUDIENCE,
        }),
      );
    } catch {
      // An older secret may have signed it.
    }
  }
  return undefined;
}

const newestOf = (secrets: readonly string[]): string => {
  const [newest] = secrets;
  if (!newest) throw new Error('No JWT secret is configured.');
  return newest;
};

const macOf = (text: string, secret: string): string =>
  createHmac('sha256', secret).update(text).digest('base64url');

/** @param mac of 43 characters */
const isMacOf = (text: string, mac: string, secrets: readonly string[]): boolean =>
  secrets.some((secret) => timingSafeEqual(Buffer.from(macOf(text, secret)), Buffer.from(mac)));

const refreshText = (sessionId: string, generation: number) => `refresh:${sessionId}:${generation}`;

/**
 * A session's refresh token of one generation. Derived, not stored: the same generation is always the same
 * token, so that two tabs that rotate at once get the same successor, and a stolen backup holds none.
 */
export const refreshTokenOf = (sessionId: string, generation: number, secrets: readonly string[]): string =>
  `${sessionId}.${generation}.${macOf(refreshText(sessionId, generation), newestOf(secrets))}`;

/** undefined where we never made this token. */
export function readRefreshToken(
  token: string,
  secrets: readonly string[],
): { sessionId: string; generation: number } | undefined {
  const match = /^([0-9a-f-]{36})\.([1-9]\d{0,8})\.([A-Za-z0-9_-]{43})$/.exec(token);
  if (!match) return undefined;
  const [, sessionId = '', digits = '', mac = ''] = match;
  const generation = Number(digits);
  return isMacOf(refreshText(sessionId, generation), mac, secrets) ? { sessionId, generation } : undefined;
}

const challengeText = (id: string) => `login challenge:${id}`;

/** What a client holds between a right password and its second factor. It is good for that only. */
export const challengeTokenOf = (id: string, secrets: readonly string[]): string =>
  `${id}.${macOf(challengeText(id), newestOf(secrets))}`;

/** The challenge's id; undefined where we never made this token. */
export function readChallengeToken(token: string, secrets: readonly string[]): string | undefined {
  const match = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.([A-Za-z0-9_-]{43})$/.exec(token);
  if (!match) return undefined;
  const [, id = '', mac = ''] = match;
  return isMacOf(challengeText(id), mac, secrets) ? id : undefined;
}
