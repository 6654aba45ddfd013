import { dictionary } from '@zxcvbn-ts/language-common';
import { badRequest } from '../../lib/errors';

/**
 * OWASP ASVS 5.0, 6.2: length is what counts, there are no rules of composition, and what everybody tries first is
 * refused. With a second factor, what NIST SP 800-63B allows beside one is enough.
 */
export const MIN_PASSWORD = 15;
export const MIN_PASSWORD_WITH_SECOND_FACTOR = 8;
export const MAX_PASSWORD = 128;

/** 49,233 passwords that were found in leaks most often, in lower case. Loaded once; it takes about 30 ms. */
const COMMON: ReadonlySet<string> = new Set(dictionary['passwords-common']);

/** What a password must not be, because it is known of its owner, and how long it has to be. */
export interface PasswordOwner {
  email: string;
  name: string;
  twoFactor: boolean;
}

/**
 * @param field the body's field that an error names
 * @throws HttpError 400 that says what to change
 */
export function assertPasswordAllowed(password: string, owner: PasswordOwner, field = 'password'): void {
  const reason = whyNot(password, owner);
  if (reason) throw badRequest(`${field}: ${reason}`, [{ path: field, message: reason }]);
}

function whyNot(password: string, { email, name, twoFactor }: PasswordOwner): string | undefined {
  const min = twoFactor ? MIN_PASSWORD_WITH_SECOND_FACTOR : MIN_PASSWORD;
  const { length } = Array.from(password);
  if (length < min) return `must have at least ${min} characters`;
  if (length > MAX_PASSWORD) return `must have at most ${MAX_PASSWORD} characters`;
  const lower = password.toLowerCase();
  const part = repeatedPart(lower);
  if (COMMON.has(lower) || COMMON.has(part) || Array.from(part).length === 1)
    return 'is one that many people use; take another';
  const [local = ''] = email.toLowerCase().split('@', 1);
  const own = new Set([email.toLowerCase(), local, name.trim().toLowerCase()]);
  if (own.has(lower) || own.has(part)) return 'must not be your address or your name';
  return undefined;
}

/** Nearly no common password has 15 characters, so people write one twice: `password` of `passwordpassword`. */
const repeatedPart = (text: string): string => /^(.+?)\1+$/su.exec(text)?.[1] ?? text;
