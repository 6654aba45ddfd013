import { createHmac, timingSafeEqual } from 'node:crypto';

/** What a mailed link allows. A link of one purpose is nothing to another. */
export type LinkPurpose = 'verify_email' | 'reset_password' | 'invitation';

const macOf = (purpose: LinkPurpose, id: string, secret: string): string =>
  createHmac('sha256', secret).update(`link:${purpose}:${id}`).digest('base64url');

/**
 * The token of a mailed link: derived from its row's id, not stored, so that a stolen backup holds none.
 * @param id of the row in link_tokens, or of the invitation
 * @param secrets JWT_SECRET, newest first; the newest signs
 */
export function linkTokenOf(purpose: LinkPurpose, id: string, secrets: readonly string[]): string {
  const [newest] = secrets;
  if (!newest) throw new Error('No JWT secret is configured.');
  return `${id}.${macOf(purpose, id, newest)}`;
}

/** The row's id; undefined where we never made this token for this purpose. Says nothing of its row's state. */
export function readLinkToken(
  purpose: LinkPurpose,
  text: string,
  secrets: readonly string[],
): string | undefined {
  const match = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.([A-Za-z0-9_-]{43})$/.exec(text);
  if (!match) return undefined;
  const [, id = '', mac = ''] = match;
  const given = Buffer.from(mac);
  const isOurs = secrets.some((secret) => timingSafeEqual(Buffer.from(macOf(purpose, id, secret)), given));
  return isOurs ? id : undefined;
}
