import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { StartupError } from './errors';
import { secretFile } from './secret-file';

const SECRET_BYTES = 32;
const NAMES = ['JWT_SECRET', 'ENCRYPTION_KEYS'] as const;

/**
 * Sets the secrets that the environment doesn't, from a file beside the embedded data that is made once. A
 * damaged file is an error and never replaced: what was encrypted with it could not be read any more.
 * @throws StartupError
 */
export function fillSecrets(dataDir: string, target: NodeJS.ProcessEnv = process.env): void {
  if (NAMES.every((name) => target[name])) return;
  const path = join(dataDir, 'secrets.json');
  const secrets = parse(secretFile(path, makeSecrets), path);
  for (const name of NAMES) target[name] ||= secrets[name];
}

function makeSecrets(): string {
  const make = () => randomBytes(SECRET_BYTES).toString('base64url');
  return `${JSON.stringify(Object.fromEntries(NAMES.map((name) => [name, make()])), null, 2)}\n`;
}

function parse(text: string, path: string): Record<(typeof NAMES)[number], string> {
  try {
    const { JWT_SECRET, ENCRYPTION_KEYS } = JSON.parse(text) as Record<string, unknown>;
    if (
      typeof JWT_SECRET === 'string' &&
      JWT_SECRET &&
      typeof ENCRYPTION_KEYS === 'string' &&
      ENCRYPTION_KEYS
    ) {
      return { JWT_SECRET, ENCRYPTION_KEYS };
    }
  } catch {
    // Said below; the parser's own message would quote the file.
  }
  throw new StartupError(
    `${path} is damaged: restore it, or set ${NAMES.join(' and ')}. Stored credentials need the old key.`,
  );
}
