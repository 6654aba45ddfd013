import type { Env } from './env';
import { StartupError } from './errors';

/** What several processes must have in common, so that none may make up its own. */
const REQUIRED = ['DATABASE_URL', 'REDIS_URL', 'JWT_SECRET', 'ENCRYPTION_KEYS'] as const;
const SECRETS: ReadonlySet<string> = new Set(['JWT_SECRET', 'ENCRYPTION_KEYS']);

/** Prints a secret that is good for JWT_SECRET or ENCRYPTION_KEYS. */
export const SECRET_COMMAND = `node -e "console.log(require('crypto').randomBytes(32).toString('base64url'))"`;

export type ScaledEnv = Env & { DATABASE_URL: string; REDIS_URL: string };

/**
 * The environment of a server or worker process of its own (scaled mode).
 * @throws StartupError with one line that names everything missing and the command that makes a secret
 */
export function requireScaledEnv(env: Env): ScaledEnv {
  const { DATABASE_URL, REDIS_URL, SMTP_URL, PUBLIC_URL } = env;
  if (SMTP_URL && !PUBLIC_URL) {
    throw new StartupError('Set PUBLIC_URL: links in mails begin with it, and SMTP_URL is set.');
  }
  const missing = REQUIRED.filter((name) => !env[name]?.length);
  if (DATABASE_URL && REDIS_URL && missing.length === 0) return { ...env, DATABASE_URL, REDIS_URL };
  const secrets = missing.filter((name) => SECRETS.has(name));
  const advice =
    secrets.length > 0 ? ` A secret for ${secrets.join(' and ')} is made by: ${SECRET_COMMAND}` : '';
  throw new StartupError(
    `Set ${missing.join(', ')} (processes of their own meet on one Postgres and one Redis and share secrets; npm start, all in one process, needs none of these).${advice}`,
  );
}
