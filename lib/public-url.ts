import type { Env } from './env';

/**
 * Where people reach this platform, without a slash at the end: what links in mails begin with. PUBLIC_URL, and
 * where that is not set this machine. Never from a request: its Host header is whatever the caller wrote.
 */
export const publicUrlOf = ({ PUBLIC_URL, PORT }: Pick<Env, 'PUBLIC_URL' | 'PORT'>): string =>
  (PUBLIC_URL ?? `http://localhost:${PORT}`).replace(/\/+$/, '');
