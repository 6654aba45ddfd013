/** Longest a server may ask us to stay away, ms: the platform's own longest backoff. */
const MAX_RETRY_AFTER_MS = 3_600_000;

/** The one date format a sender may use (RFC 9110, 5.6.7). Date.parse alone takes "-1" for a day in 2001. */
const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/**
 * Retry-After (RFC 9110, 10.2.3): seconds or an HTTP date.
 * @param now ms since the epoch
 * @returns ms from now, 0 to 1 h; undefined where there is none or it makes no sense
 */
export function retryAfterMs(header: string | undefined, now: number): number | undefined {
  const text = header?.trim() ?? '';
  let ms = NaN;
  if (/^\d+$/.test(text)) ms = Number(text) * 1000;
  else if (HTTP_DATE.test(text)) ms = Date.parse(text) - now;
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(Math.ceil(ms), 0), MAX_RETRY_AFTER_MS);
}
