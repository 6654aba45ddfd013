import { randomBytes, timingSafeEqual } from 'node:crypto';
import { sha256 } from '../../lib/ids';

/** Names the key in lists and finds its row: 48 bits, unique. */
const PREFIX_BYTES = 6;
/** 256 random bits can't be guessed, so a plain SHA-256 keeps them (OWASP ASVS 5.0, 6.5.2: no slow hash is needed). */
const SECRET_BYTES = 32;

const KEY = /^lb_([0-9a-f]{12})_([A-Za-z0-9_-]{43})$/;

/** What a bearer token of ours begins with that is an API key; a JWT begins with `eyJ`. */
export const API_KEY_MARK = 'lb_';

export interface NewKey {
  prefix: string;
  /** What its owner is shown, once: `lb_<prefix>_<secret>`. */
  text: string;
  /** What is stored. */
  secretHash: string;
}

export function makeKey(): NewKey {
  const prefix = randomBytes(PREFIX_BYTES).toString('hex');
  const secret = randomBytes(SECRET_BYTES).toString('base64url');
  return { prefix, text: `${API_KEY_MARK}${prefix}_${secret}`, secretHash: sha256(secret) };
}

/** undefined where the text has not a key's form. */
export function readKey(text: string): { prefix: string; secretHash: string } | undefined {
  const [, prefix, secret] = KEY.exec(text) ?? [];
  return prefix !== undefined && secret !== undefined ? { prefix, secretHash: sha256(secret) } : undefined;
}

/** Takes as long whether they differ in the first digit or in the last. Both are SHA-256 in hex. */
export const isSameHash = (one: string, other: string): boolean =>
  timingSafeEqual(Buffer.from(one, 'hex'), Buffer.from(other, 'hex'));
