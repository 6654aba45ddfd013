import { createHmac, timingSafeEqual } from 'node:crypto';

/** What a signature is for: bound into it, so that one made for a purpose is worth nothing for another. */
type Purpose = 'operator session' | 'operator form' | 'operator request';

const macOf = (purpose: Purpose, value: string, secret: string): string =>
  createHmac('sha256', secret).update(`${purpose}:${value}`).digest('base64url');

/** @param secrets newest first; the newest signs */
export function sign(purpose: Purpose, value: string, secrets: readonly string[]): string {
  const [newest] = secrets;
  if (!newest) throw new Error('No JWT secret is configured.');
  return macOf(purpose, value, newest);
}

/** True where one of the secrets made this signature. */
export function isSigned(
  purpose: Purpose,
  value: string,
  signature: string,
  secrets: readonly string[],
): boolean {
  const given = Buffer.from(signature);
  return secrets.some((secret) => {
    const expected = Buffer.from(macOf(purpose, value, secret));
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
}
