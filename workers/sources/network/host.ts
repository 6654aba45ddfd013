const NOT_IN_A_HOST = /[\s/\\@?#]/;

/**
 * The one spelling of a host: as the WHATWG URL parser normalises it, so that `2130706433`, `0x7f.1` and
 * `0177.0.0.1` are all `127.0.0.1`; lower case, without brackets and without the root's dot.
 * @returns undefined where the text is not a host (a zone id, a port, a user name, a path)
 */
export function parseHost(text: string): string | undefined {
  const bare = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text;
  if (bare === '' || NOT_IN_A_HOST.test(bare)) return undefined;
  const url = `http://${bare.includes(':') ? `[${bare}]` : bare}/`;
  if (!URL.canParse(url)) return undefined;
  const host = new URL(url).hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  return host === '' ? undefined : host;
}
