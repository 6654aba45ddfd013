import type { Context, Middleware } from 'koa';
import koaJwt from 'koa-jwt';
import { createSecretKey } from 'node:crypto';
import type { Authenticator } from '../../domain/accounts/authenticate';
import type { KeyAuthenticator } from '../../domain/api-keys/authenticate';
import { API_KEY_MARK } from '../../domain/api-keys/key';
import {
  readClaims,
  type AccessClaims,
  TOKEN_ALGORITHM,
  TOKEN_AUDIENCE,
  TOKEN_ISSUER,
} from '../../domain/accounts/tokens';
import type { Actor } from '../../domain/roles';
import { unauthorized } from '../../lib/errors';

/**
 * A key made once: jsonwebtoken tries each text as a PEM public key first, which costs 0.7 ms a request.
 */
const keyOf = (secret: string) => createSecretKey(Buffer.from(secret));

/** How long a token that was verified need not be verified again, ms. Its expiry is looked at each time. */
const VERIFIED_CACHE_MS = 4_000;
/** Past this many tokens all are forgotten: a full cache must not grow, and forgetting costs one check each. */
const VERIFIED_CACHE_ENTRIES = 10_000;

/**
 * Bearer token to `ctx.state.actor`, and to `ctx.state.mayGoOn`, which a stream asks again. An API key is looked up.
 * Of a JWT koa-jwt checks the signature with algorithm, issuer and audience pinned, then the claims' kind and expiry
 * are demanded and the session behind them is asked. The signature's check is kept for a moment (it is the same for
 * the same text); the session's is not kept here.
 * @throws HttpError 401
 */
export function authenticate(
  { authenticator, apiKeys }: { authenticator: Authenticator; apiKeys: KeyAuthenticator },
  secrets: readonly string[],
): Middleware {
  const verify = koaJwt({
    secret: secrets.map(keyOf) as unknown as string[],
    algorithms: [TOKEN_ALGORITHM],
    issuer: TOKEN_ISSUER,
    audience: TOKEN_AUDIENCE,
    key: 'claims',
    passthrough: true,
  });
  const verified = new Map<string, { claims: AccessClaims; at: number }>();

  async function claimsOf(ctx: Context): Promise<AccessClaims | undefined> {
    const header = ctx.get('authorization');
    const known = verified.get(header);
    if (known && Date.now() - known.at < VERIFIED_CACHE_MS) return known.claims;
    await verify(ctx, async () => undefined);
    const claims = readClaims(ctx.state.claims);
    if (claims && header) {
      if (verified.size >= VERIFIED_CACHE_ENTRIES) verified.clear();
      verified.set(header, { claims, at: Date.now() });
    }
    return claims;
  }

  async function actorOf(claims: AccessClaims | undefined): Promise<Actor> {
    if (!claims || claims.expiresAt.getTime() <= Date.now()) {
      throw unauthorized('The access token is missing, wrong or has run out.', 'invalid_token');
    }
    return (await authenticator.authorizeClaims(claims)).actor;
  }

  return async (ctx, next) => {
    const key = keyTextOf(ctx);
    const claims = key === undefined ? await claimsOf(ctx) : undefined;
    const authenticated = () => (key === undefined ? actorOf(claims) : apiKeys.authenticate(key));
    ctx.state.actor = await authenticated();
    ctx.state.mayGoOn = () =>
      authenticated().then(
        () => true,
        () => false,
      );
    return next();
  };
}

/** The API key of a request; undefined where it has none. */
function keyTextOf(ctx: Context): string | undefined {
  const [, text] = /^Bearer +(\S+)$/i.exec(ctx.get('authorization')) ?? [];
  return text?.startsWith(API_KEY_MARK) ? text : undefined;
}
