import { SourceError } from '../../../lib/errors';

/** `..` as a path segment, when a server decodes `%2e`, `%2f` or `%5c` that a URL parser leaves alone. */
const ENCODED_PARENT = /(?:^|\/|%2f|%5c)(?:\.|%2e){2}(?:\/|%2f|%5c|$)/i;

const invalid = (message: string) => new SourceError('url_not_allowed', message, { failure: 'pause' });

/**
 * A URL a source may ask for: http or https, without a user name or password, which would end up in logs.
 * @param base for a relative one, such as a redirect's Location
 * @throws SourceError `url_not_allowed`
 */
export function parseUrl(text: string, base?: URL): URL {
  if (!URL.canParse(text, base?.href)) throw invalid('The URL is not valid.');
  const url = new URL(text, base);
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw invalid('Only http and https URLs are allowed.');
  if (url.username || url.password) throw invalid('The URL must hold no user name or password.');
  return url;
}

/**
 * A path below a connection's base URL. `/users`, `users` and `?page=2` all mean below the base, whose own path
 * is kept and whose query is replaced. The base's origin and path can't be left: the connection's secret
 * headers go along, and whoever may write a widget need not be whoever may write the connection.
 * @throws SourceError `url_not_allowed`
 */
export function joinPath(baseUrl: string, path: string | undefined): URL {
  const base = parseUrl(baseUrl);
  if (!path) return base;
  if (path.startsWith('//') || path.includes('\\')) throw invalid('The path must be a path, not a host.');
  const folder = base.pathname.endsWith('/') ? base.pathname : `${base.pathname}/`;
  // "./" keeps "https://evil" and "x:y" from being read as URLs of their own.
  const url = path.startsWith('?')
    ? parseUrl(path, base)
    : parseUrl(`./${path.replace(/^\//, '')}`, new URL(folder, base));
  const below = url.pathname.startsWith(folder) || url.pathname === base.pathname;
  if (url.origin !== base.origin || !below || ENCODED_PARENT.test(url.pathname)) {
    throw invalid("The path leaves the connection's base URL.");
  }
  return url;
}
